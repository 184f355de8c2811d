"""The compiled version of ``reader.py``; ``tests/core/json/test_reader_and_writer.py`` compares the two.

The text is read as UTF-8, byte by byte. CPython NUL-terminates the buffers of ``bytes`` and ``str``, and NUL is never
valid JSON, so reading one byte ahead needs no bounds check. The functions return NULL for whatever they do not
support, and the standard library parses the text instead.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItemWithError
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport PyObject
from libc.stdint cimport uint64_t
from libc.string cimport memcmp, memcpy, memset

from bolthead._core.primitives.class_watch cimport ClassWatch

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
    # What is made but not yet in its place, owned: the items of open lists, and the open dicts.
    PyObject **held
    Py_ssize_t count
    Py_ssize_t capacity
    # Keys that were met, owned; a new one takes the place of another.
    PyObject *keys[KEYS]


cdef object LOADS = _json.loads
cdef dict STANDARD = vars(_json)
cdef ClassWatch STEPS = ClassWatch([(_json.JSONDecoder, "decode"), (_json.JSONDecoder, "raw_decode")])
# PARITY: each of them is one object, so that a list with it equals itself.
cdef object NAN = LOADS("NaN")
cdef object INFINITE = LOADS("Infinity")
cdef object NEGATIVE = LOADS("-Infinity")

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
    if PyDict_GetItemWithError(STANDARD, "loads") is not <PyObject *>LOADS or not STEPS.unchanged():
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
    """Keep *made*, of which the reference is taken over; -1 without memory."""
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


cdef inline PyObject *_ascii(const unsigned char *begin, Py_ssize_t size) noexcept:
    cdef PyObject *made
    if size == 1:
        # The interpreter's own.
        return PyUnicode_FromOrdinal(begin[0])
    made = PyUnicode_New(size, 127)
    if made is not NULL and size:
        memcpy(PyUnicode_DATA(made), begin, size)
    return made


cdef PyObject *_string(Text *text) noexcept:
    """A string, behind its first quote."""
    cdef const unsigned char *begin = text.at
    cdef const unsigned char *at = begin
    cdef uint64_t eight
    cdef bint escaped = False
    while text.stop - at >= 8:
        memcpy(&eight, at, 8)
        if BOLTHEAD_STOPS(eight):
            break
        at += 8
    while UNESCAPED[at[0]]:
        at += 1
    if at[0] == c'"':
        text.at = at + 1
        return _ascii(begin, at - begin)
    while at[0] != c'"':
        if at[0] < 0x20:
            return NULL
        if at[0] == c'\\':
            escaped = True
            at += 1
            if at[0] < 0x20:
                return NULL
        at += 1
    text.at = at + 1
    if escaped:
        return _unescaped(begin, at)
    return PyUnicode_DecodeUTF8(<const char *>begin, at - begin, b"surrogatepass")


cdef PyObject *_unescaped(const unsigned char *at, const unsigned char *stop) noexcept:
    # Every escape is longer than what it stands for.
    cdef unsigned char *begin = <unsigned char *>PyMem_Malloc(stop - at)
    cdef unsigned char *out = begin
    cdef PyObject *made = NULL
    cdef int code
    cdef int low
    if begin is NULL:
        return NULL
    while at < stop:
        if at[0] != c'\\':
            out[0] = at[0]
            out += 1
            at += 1
            continue
        code = _simple(at[1])
        at += 2
        if code < 0:
            # Not one of those: only \u is left.
            code = _hex(at, stop) if at[-1] == c'u' else -1
            if code < 0:
                break
            at += 4
            if 0xD800 <= code < 0xDC00 and stop - at >= 6 and at[0] == c'\\' and at[1] == c'u':
                low = _hex(at + 2, stop)
                if low < 0:
                    break
                if 0xDC00 <= low < 0xE000:
                    at += 6
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        out = _encoded(out, code)
    else:
        made = PyUnicode_DecodeUTF8(<const char *>begin, out - begin, b"surrogatepass")
    PyMem_Free(begin)
    return made


cdef inline int _simple(unsigned char byte) noexcept:
    if byte == c'"' or byte == c'\\' or byte == c'/':
        return byte
    if byte == c'n':
        return 10
    if byte == c'r':
        return 13
    if byte == c't':
        return 9
    if byte == c'b':
        return 8
    if byte == c'f':
        return 12
    return -1


cdef int _hex(const unsigned char *at, const unsigned char *stop) noexcept:
    cdef int code = 0
    cdef int digit
    cdef int nth
    if stop - at < 4:
        return -1
    for nth in range(4):
        digit = at[nth]
        if c'0' <= digit <= c'9':
            digit -= c'0'
        elif c'a' <= digit <= c'f':
            digit -= c'a' - 10
        elif c'A' <= digit <= c'F':
            digit -= c'A' - 10
        else:
            return -1
        code = code * 16 + digit
    return code


cdef inline unsigned char *_encoded(unsigned char *out, int code) noexcept:
    """Write UTF-8, a lone surrogate as if it were a character."""
    if code < 0x80:
        out[0] = <unsigned char>code
        return out + 1
    if code < 0x800:
        out[0] = <unsigned char>(0xC0 | code >> 6)
        out[1] = <unsigned char>(0x80 | code & 0x3F)
        return out + 2
    if code < 0x10000:
        out[0] = <unsigned char>(0xE0 | code >> 12)
        out[1] = <unsigned char>(0x80 | code >> 6 & 0x3F)
        out[2] = <unsigned char>(0x80 | code & 0x3F)
        return out + 3
    out[0] = <unsigned char>(0xF0 | code >> 18)
    out[1] = <unsigned char>(0x80 | code >> 12 & 0x3F)
    out[2] = <unsigned char>(0x80 | code >> 6 & 0x3F)
    out[3] = <unsigned char>(0x80 | code & 0x3F)
    return out + 4


cdef inline bint _digit(unsigned char byte) noexcept:
    return c'0' <= byte <= c'9'


cdef PyObject *_number(Text *text) noexcept:
    cdef const unsigned char *begin = text.at
    cdef const unsigned char *at = begin
    cdef bint negative = at[0] == c'-'
    cdef uint64_t whole = 0
    cdef Py_ssize_t digits = 0
    cdef PyObject *made
    cdef char *end
    if negative:
        at += 1
        if at[0] == c'I':
            return _named(text, b"-Infinity", 9, <PyObject *>NEGATIVE)
    if not _digit(at[0]):
        return NULL
    if at[0] == c'0':
        at += 1
        digits = 1
    else:
        while _digit(at[0]):
            whole = whole * 10 + (at[0] - c'0')
            digits += 1
            at += 1
    if at[0] == c'.' or at[0] == c'e' or at[0] == c'E':
        return _float(text, at, whole, digits, negative)
    text.at = at
    if digits <= 18:
        return PyLong_FromLongLong(-<long long>whole if negative else <long long>whole)
    made = PyLong_FromString(<const char *>begin, &end, 10)
    if made is not NULL and <const unsigned char *>end != at:
        Py_DECREF(made)
        return NULL
    return made


cdef PyObject *_float(
    Text *text, const unsigned char *at, uint64_t whole, Py_ssize_t digits, bint negative
) noexcept:
    """The number that begins at the text's place; from *at* on it is not whole."""
    cdef const unsigned char *begin = text.at
    cdef int scale = 0
    cdef int exponent = 0
    cdef bint minus = False
    cdef double value
    cdef char *end
    if at[0] == c'.':
        at += 1
        if not _digit(at[0]):
            return NULL
        while _digit(at[0]):
            whole = whole * 10 + (at[0] - c'0')
            digits += 1
            if digits <= 19:
                scale -= 1
            at += 1
    if at[0] == c'e' or at[0] == c'E':
        at += 1
        minus = at[0] == c'-'
        if minus or at[0] == c'+':
            at += 1
        if not _digit(at[0]):
            return NULL
        while _digit(at[0]):
            if exponent < 10000:
                exponent = exponent * 10 + (at[0] - c'0')
            at += 1
        scale += -exponent if minus else exponent
    text.at = at
    # Both are exact as doubles then, so their quotient or product is rounded once, as it must be.
    if BOLTHEAD_EXACT and digits <= 19 and whole <= <uint64_t>1 << 53 and -22 <= scale <= 22:
        value = <double>whole
        value = value / POWERS[-scale] if scale < 0 else value * POWERS[scale]
        return PyFloat_FromDouble(-value if negative else value)
    value = PyOS_string_to_double(<const char *>begin, &end, NULL)
    if (value == -1.0 and PyErr_Occurred() is not NULL) or <const unsigned char *>end != at:
        return NULL
    return PyFloat_FromDouble(value)
