"""PySide6 speaking PythonQt's dialect, as strict as the program or stricter.

In Slicer, Qt properties are attributes, signals are connected by their C++ signature, a slot gets as many arguments as
it takes, and an attribute that does not exist can be neither read nor set. PySide6 by itself accepts much that fails
there. Where PythonQt only prints (an unknown signal, an error in a slot), this raises or keeps the error in
:data:`errors`, so that a test fails.
"""

from __future__ import annotations

import inspect
import re
import types
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

errors: list[BaseException] = []
"""Errors of slots; whoever runs the event loop asserts that there are none."""

WIDGETS: dict[str, type] = {}
"""Stand-ins for widgets of CTK and Slicer, by class name, for ``.ui`` files."""

_METHODS = {
    "layout",
    "parent",
    "children",
    "show",
    "hide",
    "close",
    "model",
    "window",
    "style",
    "singleShot",
    "sizeHint",
    "minimumSizeHint",
}
"""Names that stay methods; the last two are virtual, which PySide6 cannot also have as attributes."""

_get = QtCore.QObject.__getattribute__


def _attribute(name: str) -> property:
    def fset(self: QtCore.QObject, value: object) -> None:
        if not self.setProperty(name, value):
            raise AttributeError(f"{self.metaObject().className()}.{name} does not take {value!r}")

    return property(lambda self: self.property(name), fset)


def _properties_become_attributes(cls: type) -> None:
    meta = cls.staticMetaObject
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        if (name := meta.property(index).name()) not in _METHODS:
            setattr(cls, name, _attribute(name))


class _Slot:
    """Hands over as many arguments as the function takes, and keeps its errors."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        try:
            parameters = inspect.signature(function).parameters.values()
        except ValueError as error:  # a method of Qt itself; which overload is meant only Qt could say
            raise TypeError("Connect a Python function.") from error
        many = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        plain = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self._count = None if many else len(plain)

    def __call__(self, *arguments: object) -> None:
        try:
            self._function(*arguments[: self._count])
        except BaseException as error:
            errors.append(error)
            raise


def _normalized(signature: str) -> str:
    return bytes(QtCore.QMetaObject.normalizedSignature(signature).data()).decode()


def _signal(sender: QtCore.QObject, signature: str) -> Any:
    meta = sender.metaObject()
    if meta.indexOfSignal(signature) < 0:
        raise ValueError(f"{meta.className()} has no signal {signature!r}")
    name, arguments = signature[:-1].split("(", 1)
    for cls in type(sender).__mro__:  # a property of the same name may hide the signal
        if isinstance(declared := cls.__dict__.get(name), QtCore.Signal):
            bound = declared.__get__(sender, type(sender))
            break
    else:
        bound = _get(sender, name)
    try:
        return bound[arguments] if arguments else bound
    except (KeyError, IndexError, TypeError):
        return bound


def _connect(self: QtCore.QObject, signal: str, function: Callable[..., Any]) -> bool:
    slot, key = _Slot(function), (_normalized(signal), function)
    self.__dict__.setdefault("_slots", {})[key] = slot
    _signal(self, key[0]).connect(slot)
    return True


def _disconnect(self: QtCore.QObject, signal: str, function: Callable[..., Any]) -> bool:
    slot = self.__dict__.get("_slots", {}).pop((_normalized(signal), function), None)
    if slot is None:
        return False
    _signal(self, _normalized(signal)).disconnect(slot)
    return True


_HOOKS = {"connect": _connect, "disconnect": _disconnect}


def _getattribute(self: QtCore.QObject, name: str) -> Any:
    # PySide6 resolves QObject.connect in C, so replacing the method would have no effect.
    return types.MethodType(_HOOKS[name], self) if name in _HOOKS else _get(self, name)


def _is_child(value: object, name: str) -> bool:
    """PySide's loader hangs widgets under their names."""
    return isinstance(value, QtCore.QObject) and value.property("objectName") == name


def _setattr(self: QtCore.QObject, name: str, value: object) -> None:
    declared = getattr(type(self), name, None)
    if isinstance(declared, property):
        declared.fset(self, value)
    elif isinstance(declared, QtCore.Property):
        self.setProperty(name, value)
    elif name.startswith("_") or isinstance(declared, QtCore.Signal) or _is_child(value, name):
        self.__dict__[name] = value  # what PySide itself keeps there, or a private name
    else:
        raise AttributeError(f"Attribute {name!r} does not exist on {self.metaObject().className()}")


class QUiLoader(QtUiTools.QUiLoader):
    """Loads a ``.ui`` file with the stand-ins, and refuses classes and properties that do not exist."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        for cls in WIDGETS.values():
            self.registerCustomWidget(cls)

    def load(self, file: QtCore.QFile, parent: QtWidgets.QWidget | None = None) -> QtWidgets.QWidget:
        """Load and check."""
        widget = super().load(file, parent)
        if widget is None:
            raise RuntimeError(f"{file.fileName()}: {self.errorString()}")
        made = {child.objectName: child for child in (widget, *widget.findChildren(QtCore.QObject))}
        for element in ElementTree.parse(file.fileName()).iter("widget"):
            _check_widget(element, made.get(element.get("name")))
        return widget


def _check_widget(element: ElementTree.Element, made: QtCore.QObject | None) -> None:
    name, wanted = element.get("name"), element.get("class")
    if made is None or made.metaObject().className() != wanted:
        raise ValueError(f"{name}: there is no widget class {wanted}")
    for prop in element.findall("property"):
        known = made.metaObject().indexOfProperty(prop.get("name")) >= 0
        if not known and prop.get("stdset") != "0":
            raise AttributeError(f"{name}: {wanted} has no property {prop.get('name')!r}")


def register(cls: type) -> type:
    """Make a stand-in known to ``.ui`` files."""
    WIDGETS[cls.__name__] = cls
    return cls


def _make_module() -> types.ModuleType:
    qt = types.ModuleType("qt")
    for part in (QtCore, QtGui, QtWidgets):
        for name in dir(part):
            if re.match(r"Q[A-Za-z]", name):
                vars(qt).setdefault(name, getattr(part, name))
    qt.QUiLoader = QUiLoader
    qt.SIGNAL = lambda signature: f"2{signature}"
    for cls in list(vars(qt).values()):
        if isinstance(cls, type) and issubclass(cls, QtCore.QObject):
            _properties_become_attributes(cls)
            cls.__setattr__ = _setattr  # each class of PySide6 has its own
    return qt


def _speak_pythonqt() -> None:
    base = QtCore.QObject
    base.__getattribute__ = _getattribute
    base.className = lambda self: self.metaObject().className()
    base.delete = lambda self: self.deleteLater()
    base.name = _attribute("objectName")


qt = _make_module()
_speak_pythonqt()
