"""The compiled version of ``reader.py``; ``tests/core/json/test_reader_and_writer.py`` compares the two.

The text is read as UTF-8, byte by byte. CPython NUL-terminates the buffers of ``bytes`` and ``str``, and NUL is never
valid JSON, so reading one byte ahead needs no bounds check. The functions return NULL for whatever they do not
support, and the standard library parses the text instead.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport PyObject
from libc.stdint cimport uint64_t
from libc.string cimport memcmp, memcpy, memset

from bolthead._core.primitives.class_watch cimport ClassWatch, StockFunctions

import json as _json

cdef extern from *:
    """
    #include <float.h>
    /* Two exact doubles give a correctly rounded quotient only where nothing is held in more bits. */
    #if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD == 0
      #define BOLTHEAD_EXACT 1
    #else
      #define BOLTHEAD_EXACT 0
    #endif
    #define BOLTHEAD_BYTES(byte) (0x0101010101010101ULL * (byte))
    /* Not 0 where a byte is a quote, a backslash, a control character or not ASCII. */
    #define BOLTHEAD_STOPS(eight) (((eight) | ((eight) - BOLTHEAD_BYTES(0x20)) \\
      | (((eight) ^ BOLTHEAD_BYTES(0x22)) - BOLTHEAD_BYTES(1)) \\
      | (((eight) ^ BOLTHEAD_BYTES(0x5c)) - BOLTHEAD_BYTES(1))) & BOLTHEAD_BYTES(0x80))
    """
    bint BOLTHEAD_EXACT
    uint64_t BOLTHEAD_STOPS(uint64_t eight) nogil

cdef extern from "Python.h":
    PyObject *Py_False
    PyObject *Py_None
    PyObject *Py_True
    PyObject *PyDict_New()
    int PyDict_SetItem(PyObject *mapping, PyObject *key, PyObject *value)
    PyObject *PyFloat_FromDouble(double value)
    PyObject *PyList_New(Py_ssize_t size)
    void PyList_SET_ITEM(PyObject *made, Py_ssize_t at, PyObject *item)
    PyObject *PyLong_FromLongLong(long long value)
    PyObject *PyLong_FromString(const char *text, char **end, int base)
    double PyOS_string_to_double(const char *text, char **end, PyObject *overflow)
    void *PyUnicode_DATA(PyObject *text)
    PyObject *PyUnicode_DecodeUTF8(const char *data, Py_ssize_t size, const char *errors)
    PyObject *PyUnicode_FromOrdinal(int ordinal)
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject *text)
    bint PyUnicode_IS_ASCII(PyObject *text)
    PyObject *PyUnicode_New(Py_ssize_t size, unsigned int maximum)
    PyObject *PyErr_Occurred()
    void PyErr_Clear()
    void Py_INCREF(PyObject *what)
    void Py_DECREF(PyObject *what)
    void Py_XDECREF(PyObject *what)


cdef enum:
    DEEP = 100
    KEYS = 64
    LONGEST_KEY = 40
    FIRST = 64


cdef struct Text:
    const unsigned char *at
    const unsigned char *stop
    int depth
    # Objects that are made and not yet stored in their container, owned: items of open lists, and the open dicts.
    PyObject **held
    Py_ssize_t count
    Py_ssize_t capacity
    # Keys met so far, owned; a new one replaces another.
    PyObject *keys[KEYS]


cdef object STANDARD_LOADS = _json.loads
# What `loads` decodes with has a private name.
cdef StockFunctions FUNCTIONS = StockFunctions(
    (_json, "_default_decoder loads" if hasattr(_json, "_default_decoder") else "loads")
)
cdef ClassWatch STEPS = ClassWatch([(_json.JSONDecoder, "decode"), (_json.JSONDecoder, "raw_decode")])
# PARITY: each of them is one object, so that a list with it equals itself.
cdef object NAN = STANDARD_LOADS("NaN")
cdef object INFINITE = STANDARD_LOADS("Infinity")
cdef object NEGATIVE = STANDARD_LOADS("-Infinity")

cdef double POWERS[23]
cdef unsigned char UNESCAPED[256]


cdef void _fill() noexcept:
    cdef int at
    POWERS[0] = 1.0
    for at in range(1, 23):
        POWERS[at] = POWERS[at - 1] * 10.0
    for at in range(256):
        UNESCAPED[at] = 0x20 <= at < 0x80 and at != c'"' and at != c'\\'


_fill()


cpdef object parse(object text):
    cdef Text state
    cdef PyObject *first[FIRST]
    cdef PyObject *found
    cdef object data = text
    if not FUNCTIONS.unchanged() or not STEPS.unchanged():
        return _json.loads(text)
    if type(text) is str:
        if PyUnicode_IS_ASCII(<PyObject *>text):
            state.at = <const unsigned char *>PyUnicode_DATA(<PyObject *>text)
            state.stop = state.at + PyUnicode_GET_LENGTH(<PyObject *>text)
        else:
            data = (<str>text).encode("utf-8", "surrogatepass")
    elif type(text) is not bytes:
        return _json.loads(text)
    if type(data) is bytes:
        state.at = <const unsigned char *>PyBytes_AS_STRING(data)
        state.stop = state.at + PyBytes_GET_SIZE(data)
    state.depth = 0
    state.held = first
    state.count = 0
    state.capacity = FIRST
    memset(state.keys, 0, sizeof(state.keys))
    _skip(&state)
    found = _value(&state)
    if found is not NULL:
        _skip(&state)
        if state.at != state.stop:
            Py_DECREF(found)
            found = NULL
    _release(&state, first)
    if found is NULL:
        PyErr_Clear()
        return _json.loads(text)
    made = <object>found
    Py_DECREF(found)
    return made


cdef void _release(Text *text, PyObject **first) noexcept:
    cdef Py_ssize_t at
    for at in range(text.count):
        Py_DECREF(text.held[at])
    if text.held is not first:
        PyMem_Free(text.held)
    for at in range(KEYS):
        Py_XDECREF(text.keys[at])


cdef inline void _skip(Text *text) noexcept:
    while text.at[0] == c' ' or text.at[0] == c'\n' or text.at[0] == c'\r' or text.at[0] == c'\t':
        text.at += 1


cdef int _hold(Text *text, PyObject *made) noexcept:
    """Store *made*, whose reference is stolen; -1 without memory."""
    cdef PyObject **more
    cdef bint moved
    if text.count == text.capacity:
        moved = text.capacity > FIRST
        more = <PyObject **>PyMem_Realloc(text.held if moved else NULL, text.capacity * 2 * sizeof(PyObject *))
        if more is NULL:
            Py_DECREF(made)
            return -1
        if not moved:
            memcpy(more, text.held, text.capacity * sizeof(PyObject *))
        text.held = more
        text.capacity *= 2
    text.held[text.count] = made
    text.count += 1
    return 0


cdef PyObject *_value(Text *text) noexcept:
    cdef unsigned char byte = text.at[0]
    if byte == c'"':
        text.at += 1
        return _string(text)
    if byte == c'{':
        return _mapping(text)
    if byte == c'[':
        return _sequence(text)
    if byte == c't':
        return _named(text, b"true", 4, Py_True)
    if byte == c'f':
        return _named(text, b"false", 5, Py_False)
    if byte == c'n':
        return _named(text, b"null", 4, Py_None)
    if byte == c'N':
        return _named(text, b"NaN", 3, <PyObject *>NAN)
    if byte == c'I':
        return _named(text, b"Infinity", 8, <PyObject *>INFINITE)
    return _number(text)


cdef inline PyObject *_named(Text *text, const char *name, Py_ssize_t size, PyObject *what) noexcept:
    if text.stop - text.at < size or memcmp(text.at, name, size) != 0:
        return NULL
    text.at += size
    Py_INCREF(what)
    return what


cdef PyObject *_sequence(Text *text) noexcept:
    cdef Py_ssize_t base = text.count
    cdef PyObject *item
    cdef Py_ssize_t at
    text.at += 1
    _skip(text)
    if text.at[0] == c']':
        text.at += 1
        return PyList_New(0)
    if text.depth == DEEP:
        return NULL
    text.depth += 1
    while True:
        item = _value(text)
        if item is NULL or _hold(text, item) < 0:
            return NULL
        _skip(text)
        if text.at[0] != c',':
            break
        text.at += 1
        _skip(text)
    if text.at[0] != c']':
        return NULL
    text.at += 1
    text.depth -= 1
    item = PyList_New(text.count - base)
    if item is not NULL:
        for at in range(base, text.count):
            PyList_SET_ITEM(item, at - base, text.held[at])
        text.count = base
    return item


cdef PyObject *_mapping(Text *text) noexcept:
    cdef PyObject *made
    cdef PyObject *key
    cdef PyObject *item
    cdef int failed
    text.at += 1
    _skip(text)
    if text.at[0] == c'}':
        text.at += 1
        return PyDict_New()
    if text.depth == DEEP:
        return NULL
    made = PyDict_New()
    if made is NULL or _hold(text, made) < 0:
        return NULL
    text.depth += 1
    while text.at[0] == c'"':
        text.at += 1
        key = _key(text)
        if key is NULL:
            return NULL
        _skip(text)
        item = NULL
        if text.at[0] == c':':
            text.at += 1
            _skip(text)
            item = _value(text)
        if item is NULL:
            Py_DECREF(key)
            return NULL
        failed = PyDict_SetItem(made, key, item)
        Py_DECREF(key)
        Py_DECREF(item)
        if failed:
            return NULL
        _skip(text)
        if text.at[0] == c'}':
            text.at += 1
            text.depth -= 1
            text.count -= 1
            return made
        if text.at[0] != c',':
            return NULL
        text.at += 1
        _skip(text)
    return NULL


cdef PyObject *_key(Text *text) noexcept:
    """A key, behind its first quote. Lists of objects have the same ones over and over."""
    cdef const unsigned char *begin = text.at
    cdef const unsigned char *at = begin
    cdef PyObject **place
    cdef PyObject *interned
    cdef Py_ssize_t size
    while UNESCAPED[at[0]]:
        at += 1
    size = at - begin
    if at[0] != c'"' or size > LONGEST_KEY or size < 2:
        return _string(text)
    place = &text.keys[(size + 5 * begin[0] + 7 * begin[size >> 1] + 11 * at[-1]) % KEYS]
    interned = place[0]
    if (
        interned is NULL
        or PyUnicode_GET_LENGTH(interned) != size
        or memcmp(PyUnicode_DATA(interned), begin, size) != 0
    ):
        Py_XDECREF(interned)
        interned = place[0] = _ascii(begin, size)
        if interned is NULL:
            return NULL
    text.at = at + 1
    Py_INCREF(interned)
    return interned


include "reader_scalars.pxi"
