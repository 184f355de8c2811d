"""The compiled version of ``calls.py``."""

from functools import partial

from jinja2.runtime import Context, Macro
from jinja2.utils import missing
from markupsafe import Markup

from bolthead._core.primitives.context_vars import Hooked
from bolthead._core.templates import runtime
from bolthead._core.templates.runtime cimport CONTEXT, MARK

include "frequent.pxi"

cdef extern from *:
    """
    /* The function for all other calls, and for one that raised StopIteration; what marks a function that wants the
       context, and under which name. */
    static PyObject *bolthead_general, *bolthead_stopped, *bolthead_context, *bolthead_mark;

    /* The class of partials; the names of Jinja's methods, and of what `call` takes beside arguments. */
    static PyObject *bolthead_partial, *bolthead_derived, *bolthead_call_name, *bolthead_vars_names[2];

    /* A method that does no more than call a function in C with its instance, its argument, a dict of its keywords, and
       whether one of those may begin with an underscore; the name of the argument. */
    static PyObject *bolthead_shell, *bolthead_inner, *bolthead_argument;
    static Py_ssize_t bolthead_argument_size;

    /* Whether one of *names* may begin with an underscore. */
    static int bolthead_has_private(PyObject *names) {
        Py_ssize_t nth;
        for (nth = 0; names != NULL && nth < PyTuple_GET_SIZE(names); nth++) {
            PyObject *name = PyTuple_GET_ITEM(names, nth);
            if (!PyUnicode_CheckExact(name) || PyUnicode_GET_LENGTH(name) == 0) return 1;
            if (PyUnicode_READ_CHAR(name, 0) == '_') return 1;
        }
        return 0;
    }

    /* What that function gives; NULL without an error where the argument is among the keywords as well. */
    static PyObject *bolthead_call_inner(PyObject *self, PyObject *const *args, PyObject *names) {
        PyObject *found, *all[4] = {self, args[0], PyDict_New()};
        Py_ssize_t nth, size = names == NULL ? 0 : PyTuple_GET_SIZE(names);
        if (all[2] == NULL) return NULL;
        for (nth = 0; nth < size; nth++) {
            PyObject *name = PyTuple_GET_ITEM(names, nth);
            int is_long = PyUnicode_GET_LENGTH(name) == bolthead_argument_size;
            if ((is_long && PyUnicode_Compare(name, bolthead_argument) == 0)
                || PyDict_SetItem(all[2], name, args[1 + nth]) < 0) {
                Py_DECREF(all[2]);
                return NULL;
            }
        }
        Py_INCREF(self);
        all[3] = bolthead_has_private(names) ? Py_True : Py_False;
        found = PyObject_Vectorcall(bolthead_inner, all, 4, NULL);
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

    /* Jinja's own way to call what is no function: its *call* gets the variables as keywords. */
    static PyObject *bolthead_jinja_call(PyObject *const *args, Py_ssize_t count, PyObject *names) {
        PyObject *found, *all_names, *all[BOLTHEAD_ARGUMENTS + 4];
        Py_ssize_t named = names == NULL ? 0 : PyTuple_GET_SIZE(names), given = count + named - 2, nth;
        int which, more = (args[2] != Py_None) + (args[3] != Py_None);
        all_names = PyTuple_New(named + more);
        if (all_names == NULL) return NULL;
        for (nth = 0; nth < named; nth++) {
            PyTuple_SET_ITEM(all_names, nth, Py_NewRef(PyTuple_GET_ITEM(names, nth)));
        }
        all[0] = args[0];
        all[1] = args[1];
        for (nth = 2; nth < given; nth++) all[nth] = args[nth + 2];
        for (which = 0; which < 2; which++) {
            if (args[2 + which] == Py_None) continue;
            PyTuple_SET_ITEM(all_names, named++, Py_NewRef(bolthead_vars_names[which]));
            all[given++] = args[2 + which];
        }
        found = PyObject_VectorcallMethod(
            bolthead_call_name, all, (size_t)(count - 2), named ? all_names : NULL);
        Py_DECREF(all_names);
        return found;
    }

    /* *context* with the variables of loops and blocks; takes the reference to it. */
    static PyObject *bolthead_with_vars(PyObject *context, PyObject *const *vars) {
        int which, is_true;
        PyObject *derived;
        for (which = 0; which < 2; which++) {
            is_true = bolthead_is_true(vars[which]);
            if (is_true > 0) {
                derived = PyObject_CallMethodOneArg(context, bolthead_derived, vars[which]);
                Py_SETREF(context, derived);
            }
            if (is_true < 0) Py_CLEAR(context);
            if (context == NULL) return NULL;
        }
        return context;
    }

    /* `runtime.call`: the context, what is called, the variables of loops and blocks, then its arguments. */
    static PyObject *bolthead_call(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
        PyObject *function, *mark, *found, *context = NULL, *all[BOLTHEAD_ARGUMENTS];
        Py_ssize_t first = 0, rest, at;
        (void)module;
        if (count < 4) goto general;
        function = args[1];
        rest = count - 4 + (names == NULL ? 0 : PyTuple_GET_SIZE(names));
        if (PyMethod_Check(function)) {
            all[first++] = PyMethod_GET_SELF(function);
            function = PyMethod_GET_FUNCTION(function);
        }
        if (rest > BOLTHEAD_ARGUMENTS - 2) goto general;
        if (!(PyFunction_Check(function) || PyCFunction_CheckExact(function))) {
            PyTypeObject *kind = Py_TYPE(function);
            if (first || PyType_Check(function) || kind == Py_TYPE(bolthead_general) || bolthead_has_private(names)
                || kind == (PyTypeObject *)bolthead_partial)
                goto general;
            if (kind == (PyTypeObject *)bolthead_macro) {
                found = bolthead_call_macro(args, count - 4, names);
                if (found == NULL && !PyErr_Occurred()) goto general;
                goto end;
            }
            return bolthead_jinja_call(args, count, names);
        }
        mark = bolthead_mark_of(function);
        if (mark == NULL) {
            if (PyErr_Occurred()) return NULL;
        } else if (mark != Py_None) {
            Py_DECREF(mark);
            if (mark != bolthead_context) goto general;
            context = bolthead_with_vars(Py_NewRef(args[0]), args + 2);
            if (context == NULL) return NULL;
            all[first++] = context;
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
        Py_XDECREF(context);
    end:
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
        bolthead_argument_size = PyUnicode_GET_LENGTH(argument);
        Py_XSETREF(bolthead_argument, Py_NewRef(argument));
    }

    static PyObject *bolthead_calls(PyObject *general, PyObject *stopped, PyObject *context, PyObject *mark,
                                    PyObject *partial, PyObject *name) {
        bolthead_partial = Py_NewRef(partial);
        bolthead_derived = PyUnicode_InternFromString("derived");
        bolthead_call_name = PyUnicode_InternFromString("call");
        bolthead_vars_names[0] = PyUnicode_InternFromString("_loop_vars");
        bolthead_vars_names[1] = PyUnicode_InternFromString("_block_vars");
        bolthead_general = Py_NewRef(general);
        bolthead_stopped = Py_NewRef(stopped);
        bolthead_context = Py_NewRef(context);
        bolthead_mark = Py_NewRef(mark);
        return PyCFunction_NewEx(&bolthead_call_def, NULL, name);
    }
    """
    void bolthead_hand_on(object shell, object inner, object argument)
    object bolthead_calls(object general, object stopped, object context, object mark, object partial, object name)

# FAST (page-methods): neither a tuple nor a dict of arguments is made, nor the caller's frame for a traceback.
call = bolthead_calls(
    runtime.call, runtime.stopped, CONTEXT, MARK, partial, f"{Context.call.__module__}.{Context.__name__}"
)
# FAST (page-rows, page-form): half of what such a step took was to get its arguments as Python functions do.
bolthead_prepare_steps(runtime.absent, Hooked, Macro, Markup, runtime.escape_str, missing)
attribute = bolthead_step(0, runtime.attribute, runtime.__name__)
text = bolthead_step(1, runtime.text, runtime.__name__)
resolve_all = bolthead_step(2, runtime.resolve_all, runtime.__name__)


def hand_on(method, function):
    bolthead_hand_on(method, function, method.__code__.co_varnames[1])
