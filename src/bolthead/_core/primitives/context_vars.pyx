"""The compiled version of ``context_vars.py``."""

from copy import deepcopy
from functools import partial

from cpython.object cimport PyObject, PyObject_GenericSetAttr
from cpython.ref cimport Py_XDECREF

from bolthead._core.primitives.objects cimport is_on

cdef extern from "Python.h":
    int PyContextVar_Get(object var, PyObject *default, PyObject **value) except -1
    object PyContextVar_Set(object var, object value)
    int PyContextVar_Reset(object var, object token) except -1

cdef object OBJECT_SETATTR = object.__setattr__


cdef class Forward:
    def __init__(self, var, attr, message):
        self._var = var
        self._attr = attr
        self._message = message

    cdef object fetch(self):
        cdef PyObject *found = NULL
        PyContextVar_Get(self._var, NULL, &found)
        if found is NULL:
            raise RuntimeError(self._message)
        if self._attr is None:
            whole = <object>found
            Py_XDECREF(found)
            return whole
        try:
            return getattr(<object>found, self._attr)
        finally:
            Py_XDECREF(found)

    def __getattribute__(self, name):
        if name == "_get_current_object":
            return self._lookup()
        try:
            found = self.fetch()
        except RuntimeError:
            if name == "__class__":
                return type(self)
            if name == "__doc__":
                return type(self).__doc__
            if name == "__wrapped__":
                return self._lookup()
            raise
        try:
            return getattr(found, name)
        except AttributeError:
            if name == "__deepcopy__":
                return partial(deepcopy, found)
            raise

    def __setattr__(self, name, value):
        found = self.fetch()
        # FAST: blueprint; a class with an own `__delattr__`, as that of `g`, sets attributes by a detour.
        if is_on(type(found), "__setattr__", OBJECT_SETATTR):
            PyObject_GenericSetAttr(found, name, value)
        else:
            setattr(found, name, value)

    def __delattr__(self, name):
        delattr(self.fetch(), name)

    cdef object _lookup(self):
        def lookup():
            return self.fetch()
        return lookup


cpdef object current(Forward proxy):
    return proxy.fetch()


# The second argument is for the pure-Python version, where this is the variable's own method.
cpdef object var_get(object var, object nothing):
    cdef PyObject *found = NULL
    PyContextVar_Get(var, NULL, &found)
    if found is NULL:
        return None
    value = <object>found
    Py_XDECREF(found)
    return value


cpdef object var_set(object var, object value):
    return PyContextVar_Set(var, value)


cpdef object var_reset(object var, object token):
    PyContextVar_Reset(var, token)
