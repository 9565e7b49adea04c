"""Archives of models as they are published, and the store they go to."""

import zipfile


def zipped(folder, path):
    """Put a folder into an archive and return that."""
    with zipfile.ZipFile(path, "w") as bundle:
        for file in sorted(folder.rglob("*")):
            bundle.write(file, file.relative_to(folder.parent))
    return path


def is_empty(store):
    """Whether no model, and nothing half made, is in a store."""
    return not store.folder.exists() or not [p for p in store.folder.iterdir() if p.name != ".downloads"]
