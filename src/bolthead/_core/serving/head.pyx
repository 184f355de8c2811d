"""The compiled version of ``head.py``."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.dict cimport PyDict_GetItemWithError
from cpython.unicode cimport PyUnicode_DATA, PyUnicode_DecodeLatin1, PyUnicode_GET_LENGTH
from cpython.object cimport PyObject
from libc.string cimport memchr, memcmp, memcpy

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text)

from .names import DATE, LENGTH, NAMES, learn

IN_DOUBT = -1
LINES_SIZE = 4096
LENGTH_DIGITS = 15
cdef enum:
    _LINES_SIZE = 4096
    _LENGTH_DIGITS = 15
cdef int _DATE = DATE
cdef int _LENGTH = LENGTH
cdef enum:
    _IN_DOUBT = -1
cdef dict _NAMES = NAMES


# What a byte may stand in: 1 a path, 2 a query.
cdef unsigned char[256] _TARGET
for _byte in range(256):
    _TARGET[_byte] = 3 if 0x21 <= _byte <= 0x7E and _byte not in b"#?" else 2 if _byte == 0x3F else 0


# FAST (servers): the common names by their bytes, since a dictionary would need an object of each. Never changed.
cdef enum:
    SLOTS = 512
cdef struct Known:
    const char *name
    Py_ssize_t size
    PyObject *key
cdef Known[SLOTS] _KNOWN
cdef list _COMMON = list(NAMES.items())


cdef inline unsigned int _slot(const char *name, Py_ssize_t size) noexcept:
    cdef const unsigned char *text = <const unsigned char *>name
    return <unsigned int>(size + text[0] * 3 + text[size >> 1] * 17 + text[size - 1] * 101) % SLOTS


cdef int _remember() except -1:
    cdef bytes name
    cdef unsigned int at
    for name, key in _COMMON:
        at = _slot(PyBytes_AS_STRING(name), len(name))
        while _KNOWN[at].size:
            at = (at + 1) % SLOTS
        _KNOWN[at].name, _KNOWN[at].size, _KNOWN[at].key = PyBytes_AS_STRING(name), len(name), <PyObject *>key
    return 0


_remember()


cdef inline PyObject *_key_of(const char *name, Py_ssize_t size) noexcept:
    """The key of a common name, borrowed; NULL for another one."""
    cdef unsigned int at
    if size <= 0:
        return NULL
    at = _slot(name, size)
    while _KNOWN[at].size:
        if _KNOWN[at].size == size and memcmp(_KNOWN[at].name, name, size) == 0:
            return _KNOWN[at].key
        at = (at + 1) % SLOTS
    return NULL


cdef inline bint _controls(const char *text, Py_ssize_t size) noexcept:
    cdef unsigned char found = 0
    cdef unsigned char byte
    cdef Py_ssize_t at
    for at in range(size):
        byte = text[at]
        found |= ((byte < 32) & (byte != 9)) | (byte == 127)
    return found


cpdef Py_ssize_t parse_head(
    bytes data, dict environ, Py_ssize_t limit_line, Py_ssize_t limit_fields, Py_ssize_t limit_size
) except -2:
    cdef const char *begin = PyBytes_AS_STRING(data)
    cdef const char *end = begin + len(data)
    cdef const char *here = begin
    cdef const char *target
    cdef const char *mark
    cdef const char *stop
    cdef const char *last
    cdef Py_ssize_t count = 1, size
    cdef object key, path
    cdef PyObject *known

    # The method
    while here < end and b"A" <= here[0] <= b"Z":
        here += 1
    size = here - begin
    if not 3 <= size <= 20 or end - here < 3 or here[0] != b" " or here[1] != b"/" or here[2] == b"/":
        return _IN_DOUBT
    if size == 3 and memcmp(begin, b"GET", 3) == 0:
        environ["REQUEST_METHOD"] = "GET"
    elif size == 7 and memcmp(begin, b"CONNECT", 7) == 0:
        return _IN_DOUBT
    else:
        environ["REQUEST_METHOD"] = PyUnicode_DecodeLatin1(begin, size, NULL)

    # The target
    target = here = here + 1
    while here < end and _TARGET[<unsigned char>here[0]] & 1:
        here += 1
    path = PyUnicode_DecodeLatin1(target, here - target, NULL)
    environ["PATH_INFO"] = path
    if here < end and here[0] == b"?":
        mark = here + 1
        while here < end and _TARGET[<unsigned char>here[0]]:
            here += 1
        environ["QUERY_STRING"] = PyUnicode_DecodeLatin1(mark, here - mark, NULL)
        path = PyUnicode_DecodeLatin1(target, here - target, NULL)
    else:
        environ["QUERY_STRING"] = ""
    environ["RAW_URI"] = path

    # The version
    if end - here < 11 or memcmp(here, b" HTTP/1.", 8) != 0 or here[9] != b"\r" or here[10] != b"\n":
        return _IN_DOUBT
    if here[8] == b"1":
        environ["SERVER_PROTOCOL"] = "HTTP/1.1"
    elif here[8] == b"0":
        environ["SERVER_PROTOCOL"] = "HTTP/1.0"
    else:
        return _IN_DOUBT
    here += 11
    if here - begin > limit_line:
        return _IN_DOUBT

    while end - here >= 2:
        if here[0] == b"\r" and here[1] == b"\n":
            return here + 2 - begin
        mark = <const char *>memchr(here, b":", end - here)
        if mark is NULL:
            return _IN_DOUBT
        known = _key_of(here, mark - here)
        if known is not NULL:
            key = <object>known
        else:
            name = PyBytes_FromStringAndSize(here, mark - here)
            key = _NAMES.get(name)
            if key is None:
                key = learn(name)
                if key is None:
                    return _IN_DOUBT
        stop = <const char *>memchr(mark, b"\r", end - mark)
        if stop is NULL or stop + 1 >= end or stop[1] != b"\n" or stop + 2 - here > limit_size:
            return _IN_DOUBT
        count += 1
        mark += 1
        last = stop
        while mark < last and (mark[0] == b" " or mark[0] == b"\t"):
            mark += 1
        while last > mark and (last[-1] == b" " or last[-1] == b"\t"):
            last -= 1
        size = len(environ)
        if count > limit_fields or _controls(mark, last - mark):
            return _IN_DOUBT
        environ[key] = PyUnicode_DecodeLatin1(mark, last - mark, NULL)
        if len(environ) == size:
            # Named twice.
            return _IN_DOUBT
        here = stop + 2
    return _IN_DOUBT


cpdef tuple usual_lines(object headers, dict names):
    cdef char[_LINES_SIZE] text
    cdef const char *value
    cdef Py_ssize_t used = 0, width, size, at
    cdef long long length = -1
    cdef bint dated = False
    cdef int kind
    cdef unsigned char byte, odd
    cdef PyObject *found
    if type(headers) is not list:
        return None
    for pair in <list>headers:
        if type(pair) is not tuple or len(<tuple>pair) != 2:
            return None
        name = (<tuple>pair)[0]
        given = (<tuple>pair)[1]
        if type(name) is not str or type(given) is not str:
            return None
        # A name that is found is a token: ASCII.
        found = PyDict_GetItemWithError(names, name)
        if found is NULL or not PyUnicode_IS_ASCII(given):
            return None
        kind = <object>found
        if kind > _DATE:
            return None
        width = PyUnicode_GET_LENGTH(name)
        size = PyUnicode_GET_LENGTH(given)
        if used + width + size + 4 > _LINES_SIZE:
            return None
        memcpy(text + used, PyUnicode_DATA(name), width)
        used += width
        memcpy(text + used, b": ", 2)
        used += 2
        value = <const char *>PyUnicode_DATA(given)
        odd = False
        for at in range(size):
            byte = value[at]
            text[used + at] = byte
            odd |= (byte < 32) | (byte > 126)
        if odd or (size and (value[0] == b" " or value[size - 1] == b" ")):
            return None
        used += size
        memcpy(text + used, b"\r\n", 2)
        used += 2
        if kind == _LENGTH:
            if not 0 < size <= _LENGTH_DIGITS:
                return None
            length = 0
            for at in range(size):
                if not b"0" <= value[at] <= b"9":
                    return None
                length = length * 10 + (value[at] - 48)
        elif kind == _DATE:
            dated = True
    return PyUnicode_DecodeLatin1(text, used, NULL), length, dated
