"""The compiled version of ``calls.py``."""

from bolthead._core.templates import runtime
from bolthead._core.templates.runtime cimport CONTEXT, MARK

cdef extern from *:
    """
    /* Enough for most calls: an instance, the context, positional arguments and keywords. */
    #define BOLTHEAD_ARGUMENTS 12

    /* The function for all other calls, and for one that raised StopIteration; what marks a function that wants the
       context, and under which name. */
    static PyObject *bolthead_general, *bolthead_stopped, *bolthead_context, *bolthead_mark;

    /* A method that does no more than call a function in C with its instance, its argument and a dict of its keywords;
       the name of the argument. */
    static PyObject *bolthead_shell, *bolthead_inner, *bolthead_argument;

    /* What that function gives; NULL without an error where the argument is among the keywords as well. */
    static PyObject *bolthead_call_inner(PyObject *self, PyObject *const *args, PyObject *names) {
        PyObject *found, *all[3] = {self, args[0], PyDict_New()};
        Py_ssize_t nth, size = names == NULL ? 0 : PyTuple_GET_SIZE(names);
        if (all[2] == NULL) return NULL;
        for (nth = 0; nth < size; nth++) {
            if (PyUnicode_Compare(PyTuple_GET_ITEM(names, nth), bolthead_argument) == 0
                || PyDict_SetItem(all[2], PyTuple_GET_ITEM(names, nth), args[1 + nth]) < 0) {
                Py_DECREF(all[2]);
                return NULL;
            }
        }
        Py_INCREF(self);
        found = PyObject_Vectorcall(bolthead_inner, all, 3, NULL);
        Py_DECREF(self);
        Py_DECREF(all[2]);
        return found;
    }

    static int bolthead_is_true(PyObject *value) {
        return value == Py_None ? 0 : PyObject_IsTrue(value);
    }

    /* What *function* is marked with: a new reference, or NULL, with an error or without. */
    static PyObject *bolthead_mark_of(PyObject *function) {
        PyObject *own, *mark = NULL;
        if (!PyFunction_Check(function)) return NULL;
        own = ((PyFunctionObject *)function)->func_dict;
        if (own == NULL) return NULL;
    #if PY_VERSION_HEX >= 0x030D0000
        (void)PyDict_GetItemRef(own, bolthead_mark, &mark);
    #else
        mark = Py_XNewRef(PyDict_GetItemWithError(own, bolthead_mark));
    #endif
        return mark;
    }

    /* `runtime.call`: the context, what is called, the variables of loops and blocks, then its arguments. */
    static PyObject *bolthead_call(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
        PyObject *function, *mark, *found, *all[BOLTHEAD_ARGUMENTS];
        Py_ssize_t first = 0, rest, at;
        int vars;
        (void)module;
        if (count < 4) goto general;
        function = args[1];
        rest = count - 4 + (names == NULL ? 0 : PyTuple_GET_SIZE(names));
        if (PyMethod_Check(function)) {
            all[first++] = PyMethod_GET_SELF(function);
            function = PyMethod_GET_FUNCTION(function);
        }
        if (!(PyFunction_Check(function) || PyCFunction_CheckExact(function)) || rest > BOLTHEAD_ARGUMENTS - 2)
            goto general;
        mark = bolthead_mark_of(function);
        if (mark == NULL) {
            if (PyErr_Occurred()) return NULL;
        } else if (mark != Py_None) {
            Py_DECREF(mark);
            if (mark != bolthead_context) goto general;
            vars = bolthead_is_true(args[2]);
            if (vars == 0) vars = bolthead_is_true(args[3]);
            if (vars < 0) return NULL;
            if (vars) goto general;
            all[first++] = args[0];
        } else {
            Py_DECREF(mark);
        }
        if (function == bolthead_shell && first == 1 && count == 5) {
            found = bolthead_call_inner(all[0], args + 4, names);
            if (found == NULL && !PyErr_Occurred()) goto general;
        } else if (first == 0) {
            found = PyObject_Vectorcall(function, args + 4, (size_t)(count - 4), names);
        } else {
            for (at = 0; at < rest; at++) all[first + at] = args[4 + at];
            /* The method, which owns both, may be gone before the call ends. */
            Py_INCREF(function);
            Py_INCREF(all[0]);
            found = PyObject_Vectorcall(function, all, (size_t)(first + count - 4), names);
            Py_DECREF(all[0]);
            Py_DECREF(function);
        }
        if (found != NULL || !PyErr_ExceptionMatches(PyExc_StopIteration)) return found;
        PyErr_Clear();
        return PyObject_CallOneArg(bolthead_stopped, args[0]);
    general:
        return PyObject_Vectorcall(bolthead_general, args, (size_t)count, names);
    }

    static PyMethodDef bolthead_call_def = {
        "call", (PyCFunction)(void (*)(void))bolthead_call, METH_FASTCALL | METH_KEYWORDS, NULL
    };

    static void bolthead_hand_on(PyObject *shell, PyObject *inner, PyObject *argument) {
        Py_XSETREF(bolthead_shell, Py_NewRef(shell));
        Py_XSETREF(bolthead_inner, Py_NewRef(inner));
        Py_XSETREF(bolthead_argument, Py_NewRef(argument));
    }

    static PyObject *bolthead_calls(PyObject *general, PyObject *stopped, PyObject *context, PyObject *mark,
                                    PyObject *name) {
        bolthead_general = Py_NewRef(general);
        bolthead_stopped = Py_NewRef(stopped);
        bolthead_context = Py_NewRef(context);
        bolthead_mark = Py_NewRef(mark);
        return PyCFunction_NewEx(&bolthead_call_def, NULL, name);
    }
    """
    void bolthead_hand_on(object shell, object inner, object argument)
    object bolthead_calls(object general, object stopped, object context, object mark, object name)

# FAST (page-methods): neither a tuple nor a dict of arguments is made, nor the caller's frame for a traceback.
call = bolthead_calls(runtime.call, runtime.stopped, CONTEXT, MARK, runtime.call.__module__)


def hand_on(method, function):
    bolthead_hand_on(method, function, method.__code__.co_varnames[1])
