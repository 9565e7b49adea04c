"""nnU-Net results folders with tiny networks and random weights, made directly: no planning, no training."""

import json
from pathlib import Path

import numpy as np

PATCHES = {"3d_fullres": (16, 24, 24), "3d_lowres": (16, 16, 16), "2d": (24, 32)}
SPACINGS = {"3d_fullres": (1.0, 0.8, 0.8), "3d_lowres": (1.6, 1.6, 1.6), "2d": (0.8, 0.8)}


def make_model(
    folder: Path,
    *,
    configuration="3d_fullres",
    labels=None,
    regions=None,
    channels=1,
    folds=(0,),
    trainer="nnUNetTrainer",
    checkpoint="checkpoint_final.pth",
    reader="SimpleITKIO",
    normalization="ZScoreNormalization",
    transpose=(0, 1, 2),
    half=False,
    old_plans=False,
    seed=0,
    extra_dataset=None,
    settings=None,
):
    """Write a results folder whose fold N has random weights of seed ``seed`` + N; return its path.

    ``settings`` replaces fields of the configuration, as its patch size and its architecture's arguments.
    """
    import torch
    from dynamic_network_architectures.architectures.unet import PlainConvUNet

    labels = labels or {"background": 0, "a": 1, "b": 2}
    dataset = {
        "channel_names": {str(i): f"channel{i}" for i in range(channels)},
        "labels": labels,
        "numTraining": 1,
        "file_ending": ".nii.gz",
        **({"regions_class_order": list(regions)} if regions else {}),
        **(extra_dataset or {}),
    }
    plans = _plans(channels, reader, normalization, transpose)
    for name, value in (settings or {}).items():
        kept = plans["configurations"][configuration]
        kept = kept if name in kept else kept["architecture"]["arch_kwargs"]
        kept[name] = value
    folder.mkdir(parents=True)
    (folder / "dataset.json").write_text(json.dumps(dataset))
    (folder / "plans.json").write_text(json.dumps(_in_old_format(plans) if old_plans else plans))
    outputs = len([name for name in labels if name != "ignore"]) - bool(regions)
    architecture = plans["configurations"][configuration]["architecture"]
    for number, fold in enumerate(folds):
        torch.manual_seed(seed + number)
        options = {
            **architecture["arch_kwargs"],
            **{
                name: _torch_class(architecture["arch_kwargs"][name])
                for name in architecture["_kw_requires_import"]
                if architecture["arch_kwargs"][name] is not None
            },
        }
        network = PlainConvUNet(input_channels=channels, num_classes=outputs, deep_supervision=False, **options)
        # Logits around 0 in every class: a random bias would give one class everywhere.
        torch.nn.init.zeros_(network.decoder.seg_layers[-1].bias)
        state = {name: tensor.half() if half else tensor for name, tensor in network.state_dict().items()}
        place = folder / f"fold_{fold}"
        place.mkdir()
        torch.save(
            {
                "network_weights": state,
                "trainer_name": trainer,
                "init_args": {"configuration": configuration, "fold": fold},
                "inference_allowed_mirroring_axes": (0, 1) if configuration == "2d" else (0, 1, 2),
                "logging": {"mean_fg_dice": [np.float64(0.5)], "lrs": [np.float32(0.1)], "epochs": [np.int64(1)]},
                "current_epoch": 1,
                "_best_ema": np.float64(0.5),
            },
            place / checkpoint,
        )
    return folder


def make_sct_layout(root: Path, **options) -> Path:
    """A model as the Spinal Cord Toolbox releases it: one folder in a folder, foreign trainer, orientation stated."""
    trainer = options.pop("trainer", "nnUNetTrainerDiceCELoss_noSmooth_unbalancedSampling_2000epochs")
    extra = {"image_orientation": "LPI", **options.pop("extra_dataset", {})}
    make_model(root / f"{trainer}__nnUNetPlans__3d_fullres", trainer=trainer, extra_dataset=extra, **options)
    (root / "source.json").write_text(json.dumps({"model_name": root.name, "custom": False}))
    return root


def make_totalspineseg_layout(root: Path, **options) -> Path:
    """A model as TotalSpineSeg releases it: dataset folder, trainer of another package, only the best checkpoint."""
    name = "nnUNetTrainerDAExt__nnUNetPlans__3d_fullres"
    make_model(
        root / "Dataset101_TotalSpineSeg_step1" / name,
        trainer="nnUNetTrainerDAExt",
        checkpoint="checkpoint_best.pth",
        **options,
    )
    return root


def _plans(channels, reader, normalization, transpose):
    return {
        "dataset_name": "Dataset001_Tiny",
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": [1.0, 0.8, 0.8],
        "original_median_shape_after_transp": [30, 40, 36],
        "image_reader_writer": reader,
        "transpose_forward": list(transpose),
        "transpose_backward": [int(i) for i in np.argsort(transpose)],
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {
            str(i): {
                "max": 9.0,
                "mean": 1.0,
                "median": 1.0,
                "min": -9.0,
                "std": 1.0,
                "percentile_00_5": -8.0,
                "percentile_99_5": 8.0,
            }
            for i in range(channels)
        },
        "configurations": {name: _configuration(name, channels, normalization) for name in PATCHES},
    }


def _configuration(name, channels, normalization):
    axes = len(PATCHES[name])
    return {
        "data_identifier": f"nnUNetPlans_{name}",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "patch_size": list(PATCHES[name]),
        "median_image_size_in_voxels": [30.0, 40.0, 36.0][-axes:],
        "spacing": list(SPACINGS[name]),
        "normalization_schemes": [normalization] * channels,
        "use_mask_for_norm": [False] * channels,
        "resampling_fn_data": "resample_data_or_seg_to_shape",
        "resampling_fn_seg": "resample_data_or_seg_to_shape",
        "resampling_fn_data_kwargs": {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None},
        "resampling_fn_seg_kwargs": {"is_seg": True, "order": 1, "order_z": 0, "force_separate_z": None},
        "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
        "resampling_fn_probabilities_kwargs": {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None},
        "architecture": {
            "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
            "arch_kwargs": {
                "n_stages": 2,
                "features_per_stage": [6, 8],
                "conv_op": f"torch.nn.modules.conv.Conv{axes}d",
                "kernel_sizes": [[3] * axes] * 2,
                "strides": [[1] * axes, [2] * axes],
                "n_conv_per_stage": [1, 1],
                "n_conv_per_stage_decoder": [1],
                "conv_bias": True,
                "norm_op": f"torch.nn.modules.instancenorm.InstanceNorm{axes}d",
                "norm_op_kwargs": {"eps": 1e-05, "affine": True},
                "dropout_op": None,
                "dropout_op_kwargs": None,
                "nonlin": "torch.nn.LeakyReLU",
                "nonlin_kwargs": {"inplace": True},
            },
            "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
        },
        "batch_dice": True,
    }


def _in_old_format(plans):
    """Plans as nnU-Net wrote them before 2.4: the architecture in loose fields, statistics under another name."""
    old = json.loads(json.dumps(plans))
    old["foreground_intensity_properties_by_modality"] = old.pop("foreground_intensity_properties_per_channel")
    for configuration in old["configurations"].values():
        arguments = configuration.pop("architecture")["arch_kwargs"]
        configuration.update(
            UNet_class_name="PlainConvUNet",
            UNet_base_num_features=6,
            unet_max_num_features=8,
            n_conv_per_stage_encoder=arguments["n_conv_per_stage"],
            n_conv_per_stage_decoder=arguments["n_conv_per_stage_decoder"],
            num_pool_per_axis=[1] * len(configuration["patch_size"]),
            pool_op_kernel_sizes=arguments["strides"],
            conv_kernel_sizes=arguments["kernel_sizes"],
        )
    return old


def _torch_class(name):
    import torch

    found = torch
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found
