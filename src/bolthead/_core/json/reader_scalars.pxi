"""A part of ``reader.pyx``: strings and numbers, the values that hold no others."""

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
