"""What a rater does, decided and tested without a window; the Slicer panel and the browser station show it."""
