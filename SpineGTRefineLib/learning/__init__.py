"""Learning from corrected masks: datasets for nnU-Net, training, and the models that ship as a demo."""
