"""The compiled version of ``bytes_search.py``."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from cpython.ref cimport Py_XDECREF
from libc.string cimport memchr, memcmp, memset

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text)
    const unsigned char *PyUnicode_1BYTE_DATA(object text)
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL
    object PyUnicode_DecodeUTF8(const char *data, Py_ssize_t size, const char *errors)

cdef extern from *:
    """
    /* A text of one kind in UTF-8. Most of a page is ASCII, also where a few letters make each of its characters two or
       four bytes wide: whole blocks are looked at first. There is room for some other letters; where it ends, the rest
       is measured. NULL without an error at a surrogate. */
    #define BOLTHEAD_BLOCK 16
    #define BOLTHEAD_ASCII(UNIT)                                                                              \\
    static CYTHON_INLINE int bolthead_ascii_##UNIT(const UNIT *text, unsigned char *CYTHON_RESTRICT out) {    \\
        UNIT any = 0;                                                                                         \\
        int at;                                                                                               \\
        for (at = 0; at < BOLTHEAD_BLOCK; at++) any |= text[at];                                              \\
        if (any > 0x7F) return 0;                                                                             \\
        for (at = 0; at < BOLTHEAD_BLOCK; at++) out[at] = (unsigned char)text[at];                            \\
        return 1;                                                                                             \\
    }
    BOLTHEAD_ASCII(Py_UCS1)
    BOLTHEAD_ASCII(Py_UCS4)
    #if defined(__SSE2__) || defined(_M_X64)
    #include <emmintrin.h>
    #define BOLTHEAD_WIDE(at) \\
        _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)(text + (at))), _mm_setzero_si128())
    static CYTHON_INLINE int bolthead_ascii_Py_UCS2(const Py_UCS2 *text, unsigned char *out) {
        __m128i one = _mm_loadu_si128((const __m128i *)text), two = _mm_loadu_si128((const __m128i *)(text + 8));
        __m128i both = _mm_packus_epi16(one, two);
        if (_mm_movemask_epi8(_mm_or_si128(both, _mm_or_si128(one, two)))) return 0;
        _mm_storeu_si128((__m128i *)out, both);
        return 1;
    }
    #else
    BOLTHEAD_ASCII(Py_UCS2)
    #endif

    #define BOLTHEAD_UTF8(UNIT)                                                                               \\
    static PyObject *bolthead_utf8_##UNIT(const UNIT *text, Py_ssize_t size) {                                \\
        const UNIT *end = text + size, *next;                                                                 \\
        Py_ssize_t room = size + size / 16 + 4 * BOLTHEAD_BLOCK, used;                                        \\
        PyObject *made = PyBytes_FromStringAndSize(NULL, room);                                               \\
        unsigned char *out;                                                                                   \\
        if (made == NULL) return NULL;                                                                        \\
        out = (unsigned char *)PyBytes_AS_STRING(made);                                                       \\
        while (text < end) {                                                                                  \\
            if (end - text >= BOLTHEAD_BLOCK && bolthead_ascii_##UNIT(text, out)) {                           \\
                text += BOLTHEAD_BLOCK;                                                                       \\
                out += BOLTHEAD_BLOCK;                                                                        \\
                continue;                                                                                     \\
            }                                                                                                 \\
            used = out - (unsigned char *)PyBytes_AS_STRING(made);                                            \\
            if (room - used < (end - text) + 3 * BOLTHEAD_BLOCK) {                                            \\
                room = used + (end - text) + 4 * BOLTHEAD_BLOCK;                                              \\
                for (next = text; next < end; next++) {                                                       \\
                    room += (*next > 0x7F) + (*next > 0x7FF) + ((Py_UCS4)*next > 0xFFFF);                     \\
                }                                                                                             \\
                if (_PyBytes_Resize(&made, room) < 0) return NULL;                                            \\
                out = (unsigned char *)PyBytes_AS_STRING(made) + used;                                        \\
            }                                                                                                 \\
            do {                                                                                              \\
                Py_UCS4 letter = *text++;                                                                     \\
                if (letter < 0x80) {                                                                          \\
                    *out++ = (unsigned char)letter;                                                           \\
                    continue;                                                                                 \\
                }                                                                                             \\
                if (letter < 0x800) {                                                                         \\
                    *out++ = (unsigned char)(0xC0 | letter >> 6);                                             \\
                } else {                                                                                      \\
                    if (letter < 0x10000) {                                                                   \\
                        if (Py_UNICODE_IS_SURROGATE(letter)) {                                                \\
                            Py_DECREF(made);                                                                  \\
                            return NULL;                                                                      \\
                        }                                                                                     \\
                        *out++ = (unsigned char)(0xE0 | letter >> 12);                                        \\
                    } else {                                                                                  \\
                        *out++ = (unsigned char)(0xF0 | letter >> 18);                                        \\
                        *out++ = (unsigned char)(0x80 | (letter >> 12 & 0x3F));                               \\
                    }                                                                                         \\
                    *out++ = (unsigned char)(0x80 | (letter >> 6 & 0x3F));                                    \\
                }                                                                                             \\
                *out++ = (unsigned char)(0x80 | (letter & 0x3F));                                             \\
            } while (text < end && (end - text) % BOLTHEAD_BLOCK);                                            \\
        }                                                                                                     \\
        _PyBytes_Resize(&made, out - (unsigned char *)PyBytes_AS_STRING(made));                               \\
        return made;                                                                                          \\
    }
    BOLTHEAD_UTF8(Py_UCS1)
    BOLTHEAD_UTF8(Py_UCS2)
    BOLTHEAD_UTF8(Py_UCS4)

    static PyObject *bolthead_utf8(PyObject *text) {
        const void *data = PyUnicode_DATA(text);
        Py_ssize_t size = PyUnicode_GET_LENGTH(text);
        PyObject *made;
        if (PyUnicode_IS_ASCII(text)) return PyBytes_FromStringAndSize((const char *)data, size);
        switch (PyUnicode_KIND(text)) {
        case PyUnicode_1BYTE_KIND: made = bolthead_utf8_Py_UCS1((const Py_UCS1 *)data, size); break;
        case PyUnicode_2BYTE_KIND: made = bolthead_utf8_Py_UCS2((const Py_UCS2 *)data, size); break;
        default: made = bolthead_utf8_Py_UCS4((const Py_UCS4 *)data, size);
        }
        return made != NULL || PyErr_Occurred() ? made : PyUnicode_AsUTF8String(text);
    }

    /* ``"".join(pieces)`` of a list of texts, of which most are narrower than the whole; NULL without an error where
       that has to be asked. */
    static void bolthead_widen(Py_UCS2 *CYTHON_RESTRICT out, const Py_UCS1 *CYTHON_RESTRICT text, Py_ssize_t size) {
        Py_ssize_t at = 0;
    #if defined(BOLTHEAD_WIDE)
        for (; at <= size - 8; at += 8) _mm_storeu_si128((__m128i *)(out + at), BOLTHEAD_WIDE(at));
        if (at && at < size) {
            /* Some of them once more. */
            _mm_storeu_si128((__m128i *)(out + size - 8), BOLTHEAD_WIDE(size - 8));
            return;
        }
    #endif
        for (; at < size; at++) out[at] = text[at];
    }

    static PyObject *bolthead_join(PyObject *pieces) {
        PyObject *whole, *piece;
        Py_ssize_t nth, count = PyList_GET_SIZE(pieces), total = 0, size, at;
        Py_UCS4 largest = 0x7F, letter;
        char *out;
        int kind;
        if (count < 2) return NULL;
        for (nth = 0; nth < count; nth++) {
            piece = PyList_GET_ITEM(pieces, nth);
            if (!PyUnicode_Check(piece)) return NULL;
            size = PyUnicode_GET_LENGTH(piece);
            if (size > PY_SSIZE_T_MAX / 4 - total) return NULL;
            total += size;
            if (PyUnicode_IS_ASCII(piece)) continue;
            letter = PyUnicode_MAX_CHAR_VALUE(piece);
            if (letter > largest) largest = letter;
        }
        if (total == 0) return NULL;
        whole = PyUnicode_New(total, largest);
        if (whole == NULL) return NULL;
        kind = (int)PyUnicode_KIND(whole);
        out = (char *)PyUnicode_DATA(whole);
        for (nth = 0; nth < count; nth++) {
            const void *data;
            piece = PyList_GET_ITEM(pieces, nth);
            data = PyUnicode_DATA(piece);
            size = PyUnicode_GET_LENGTH(piece);
            if ((int)PyUnicode_KIND(piece) == kind) memcpy(out, data, (size_t)(size * kind));
            else if (kind == PyUnicode_2BYTE_KIND) bolthead_widen((Py_UCS2 *)out, (const Py_UCS1 *)data, size);
            else for (at = 0; at < size; at++) ((Py_UCS4 *)out)[at] = PyUnicode_READ(PyUnicode_KIND(piece), data, at);
            out += size * kind;
        }
        return whole;
    }
    """
    bytes bolthead_utf8(object text)
    PyObject *bolthead_join(list pieces) except? NULL


include "scope_values.pxi"


# A table of ASCII: what the pattern of the pure-Python version admits.
cdef unsigned char[128] _SAFE
for _letter in range(128):
    _SAFE[_letter] = chr(_letter).isalnum() or chr(_letter) in "_.-~!$'()*,/:@"


cdef unsigned char[128] _UNQUOTED
for _letter in range(128):
    _UNQUOTED[_letter] = chr(_letter).isalnum() or chr(_letter) in "_!#$%&'()*+-./:<=>?@[]^`{|}~"


cdef bint _has_other(str text, const unsigned char *table) except -1:
    # Whether *text* has a character that *table*, of ASCII, does not admit.
    cdef const unsigned char *letters
    cdef Py_ssize_t at
    if text is None:
        raise TypeError("expected str, got None")
    if not PyUnicode_IS_ASCII(text):
        return True
    letters = PyUnicode_1BYTE_DATA(text)
    for at in range(len(text)):
        if not table[letters[at]]:
            return True
    return False


cpdef bytes utf8(str text):
    if text is None:
        raise TypeError("expected str, got None")
    return bolthead_utf8(text)


cpdef object join(list pieces):
    cdef PyObject *found = bolthead_join(pieces)
    if found is NULL:
        return None
    whole = <object>found
    Py_XDECREF(found)
    return whole


cpdef bint unsafe(str text) except -1:
    return _has_other(text, _SAFE)


cpdef bint cookie_quoted(str text) except -1:
    return _has_other(text, _UNQUOTED)


cpdef long long ascii_number(str text) except -2:
    cdef const unsigned char *letters
    cdef Py_ssize_t at
    cdef long long value = 0
    if text is None:
        raise TypeError("expected str, got None")
    if not PyUnicode_IS_ASCII(text) or not 0 < len(text) <= 18:
        return -1
    letters = PyUnicode_1BYTE_DATA(text)
    for at in range(len(text)):
        if not 48 <= letters[at] <= 57:
            return -1
        value = value * 10 + (letters[at] - 48)
    return value


cdef unsigned char[128] _TOKEN
for _letter in range(128):
    _TOKEN[_letter] = chr(_letter).isalnum() or chr(_letter) in "!#$%&'*+-.^_`|~"


cpdef bint not_token(str text) except -1:
    return _has_other(text, _TOKEN)


cpdef Py_ssize_t token_end(str text, Py_ssize_t at, Py_ssize_t size) except -1:
    cdef Py_UCS4 letter
    if not 0 <= at <= size <= len(text):
        raise ValueError("out of range")
    while at < size:
        letter = text[at]
        if letter > 127 or not _TOKEN[letter]:
            break
        at += 1
    return at


cpdef bint is_literal(bytes data, Py_ssize_t start, Py_ssize_t stop) except -1:
    cdef const unsigned char *letters
    cdef Py_ssize_t at
    if not 0 <= start <= stop <= len(data):
        raise ValueError("out of range")
    letters = data
    for at in range(start, stop):
        if not 32 <= letters[at] <= 126 or letters[at] == 34 or letters[at] == 37 or letters[at] == 92:
            return False
    return True


cpdef Py_ssize_t find_byte(bytes data, int byte, Py_ssize_t start, Py_ssize_t stop) except -2:
    cdef char *begin
    cdef char *found
    if start < 0 or stop > len(data):
        raise ValueError("out of range")
    if start >= stop:
        return -1
    begin = PyBytes_AS_STRING(data)
    found = <char *>memchr(begin + start, byte, stop - start)
    return -1 if found is NULL else found - begin


cpdef bytes cut(bytes data, Py_ssize_t start, Py_ssize_t stop):
    if not 0 <= start <= stop <= len(data):
        raise ValueError("out of range")
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(data) + start, stop - start)


cdef inline int _hex(unsigned char byte) noexcept:
    if 48 <= byte <= 57:
        return byte - 48
    byte |= 32
    return byte - 87 if 97 <= byte <= 102 else 16


cpdef object unescape(str text, str errors):
    cdef Py_ssize_t size, at, end
    cdef const unsigned char *here
    cdef unsigned char *out
    cdef unsigned char byte
    cdef int high, low
    if not text.isascii() and "%" not in text:
        return text
    here = <const unsigned char *>PyUnicode_AsUTF8AndSize(text, &size)
    if memchr(here, 37, size) is NULL:
        return text
    made = PyBytes_FromStringAndSize(NULL, size)
    out = <unsigned char *>PyBytes_AS_STRING(made)
    at = end = 0
    while at < size:
        byte = here[at]
        if byte == 37 and at + 2 < size:
            high = _hex(here[at + 1])
            low = _hex(here[at + 2])
            if high < 16 and low < 16:
                byte = <unsigned char>(high << 4 | low)
                at += 2
        out[end] = byte
        end += 1
        at += 1
    return PyUnicode_DecodeUTF8(<char *>out, end, PyUnicode_AsUTF8AndSize(errors, NULL))


cdef inline Py_ssize_t pair(const unsigned char *at) noexcept:
    return (at[0] ^ (at[-1] << 2)) & (PAIRS - 1)


cdef class Finder:
    def __init__(self, bytes token):
        # By Horspool, with pairs of bytes: the pair under the token's last one moves on by as much as it allows; 0 asks
        # for a comparison. Pairs share a place here and there, which costs a shorter step.
        cdef Py_ssize_t at
        cdef Py_ssize_t size = len(token)
        cdef const unsigned char *wanted = token
        self._token = token
        self._size = size
        if 1 < size < 256:
            memset(self._skip, <int>(size - 1), PAIRS)
            for at in range(1, size - 1):
                self._skip[pair(wanted + at)] = <unsigned char>(size - 1 - at)
            self._again = self._skip[pair(wanted + size - 1)]
            self._skip[pair(wanted + size - 1)] = 0

    cpdef Py_ssize_t find(self, bytes data, Py_ssize_t start) except -2:
        cdef Py_ssize_t size = self._size
        cdef Py_ssize_t last = len(data) - size
        cdef Py_ssize_t step = size - 1
        cdef const unsigned char *here = <const unsigned char *>data + step
        cdef const unsigned char *wanted = self._token
        cdef const unsigned char *skip = self._skip
        cdef unsigned char found
        if start < 0:
            raise ValueError("out of range")
        if not 1 < size < 256:
            # Its worst case grows with the token, which the standard search's does not.
            return data.find(self._token, start)
        while start <= last:
            # FAST (bodies): while none of four pairs is in the token, four steps in one, independent of each other.
            while start <= last - 4 * step and (
                skip[pair(here + start)]
                & skip[pair(here + start + step)]
                & skip[pair(here + start + 2 * step)]
                & skip[pair(here + start + 3 * step)]
            ) == step:
                start += 4 * step
            found = skip[pair(here + start)]
            if found == 0:
                if memcmp(here + start - step, wanted, size) == 0:
                    return start
                found = self._again
            start += found
        return -1
