/* Included before all else into each compiled module: what takes the place of functions of the C API there. Above all its
   code objects, and so its frames in tracebacks, carry the file name of the source where the package is installed. Cython
   gives them the path at build time. */

#ifndef BOLTHEAD_FRAMES_H
#define BOLTHEAD_FRAMES_H

#ifndef PY_SSIZE_T_CLEAN
#define PY_SSIZE_T_CLEAN
#endif
#include <Python.h>
#include <string.h>

#define BOLTHEAD_SOURCES "src/bolthead/_core/"

/* The installed path of *source*, or a new reference to *source* itself where there is none. No error is set. */
static PyObject *bolthead_installed(PyObject *source) {
    PyObject *core = NULL, *place = NULL, *path = NULL;
    const char *text = PyUnicode_AsUTF8(source);
    if (text != NULL && strncmp(text, BOLTHEAD_SOURCES, sizeof(BOLTHEAD_SOURCES) - 1) == 0) {
        core = PyImport_ImportModule("bolthead._core");
        if (core != NULL) place = PyObject_GetAttrString(core, "PLACE");
        if (place != NULL) path = PyUnicode_FromFormat("%U%s", place, text + sizeof(BOLTHEAD_SOURCES) - 1);
        Py_XDECREF(core);
        Py_XDECREF(place);
    }
    if (path == NULL) {
        PyErr_Clear();
        path = Py_NewRef(source);
    }
    return path;
}

/* For frames in tracebacks. Cython keeps the result by line. */
static inline PyCodeObject *bolthead_empty_code(const char *source, const char *name, int line) {
    PyCodeObject *code = NULL;
    PyObject *text = PyUnicode_FromString(source);
    PyObject *path = text == NULL ? NULL : bolthead_installed(text);
    const char *encoded = path == NULL ? NULL : PyUnicode_AsUTF8(path);
    if (encoded == NULL) PyErr_Clear();
    code = PyCode_NewEmpty(encoded == NULL ? source : encoded, name, line);
    Py_XDECREF(text);
    Py_XDECREF(path);
    return code;
}

/* For functions: their `__code__`. */
static inline PyCodeObject *bolthead_code(
    int arguments, int positional, int keywords, int locals, int stack, int flags, PyObject *code, PyObject *constants,
    PyObject *names, PyObject *variables, PyObject *free_variables, PyObject *cells, PyObject *source, PyObject *name,
    PyObject *qualified, int line, PyObject *lines, PyObject *exceptions) {
    PyCodeObject *made;
    PyObject *path = bolthead_installed(source);
#if PY_VERSION_HEX >= 0x030C0000
    made = PyUnstable_Code_NewWithPosOnlyArgs(
#else
    made = PyCode_NewWithPosOnlyArgs(
#endif
        arguments, positional, keywords, locals, stack, flags, code, constants, names, variables, free_variables, cells,
        path, name, qualified, line, lines, exceptions);
    Py_DECREF(path);
    return made;
}

#define PyCode_NewEmpty bolthead_empty_code
#define PyCode_NewWithPosOnlyArgs bolthead_code
#define PyUnstable_Code_NewWithPosOnlyArgs bolthead_code

/* Whether *value* is true, without a call for the dictionaries that the hooks of an application are in: each request asks
   some twenty of them. The slots are inherited as long as a class has no others. */
static inline int bolthead_truth(PyObject *value) {
#if !defined(Py_GIL_DISABLED)
    PyTypeObject *cls;
#if defined(__GNUC__)
    /* gcc warns of reading `True` as a dictionary where it sees that this may be it. */
    __asm__("" : "+r"(value));
#endif
    cls = Py_TYPE(value);
    if (cls->tp_as_mapping == PyDict_Type.tp_as_mapping && cls->tp_as_number != NULL && cls->tp_as_number->nb_bool == NULL)
        return PyDict_GET_SIZE(value) != 0;
#endif
    return PyObject_IsTrue(value);
}

#define PyObject_IsTrue bolthead_truth

/* Windows has a macro of this name; records of ours have a field of it. */
#undef environ

#if defined(BOLTHEAD_PROFILED)
/* The bench tells a build by profile by it. */
static const char bolthead_profiled[] __attribute__((used)) = "bolthead: compiled by profile";
#endif

#endif
