"""A part of ``writer.pyx``: the buffer, strings and numbers."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject
from libc.math cimport fabs, isfinite, signbit
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

cdef extern from *:
    """
    #include <float.h>
    #if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD == 0
      #define BOLTHEAD_EXACT 1
    #else
      #define BOLTHEAD_EXACT 0
    #endif
    #ifdef Py_GIL_DISABLED
      #define BOLTHEAD_ALONE 0
    #else
      #define BOLTHEAD_ALONE 1
    #endif
    #define BOLTHEAD_BYTES(byte) (0x0101010101010101ULL * (byte))
    /* Of ASCII: not 0 where a byte is a quote, a backslash, a control character or DEL. */
    #define BOLTHEAD_ESCAPED(eight) ((((eight) + BOLTHEAD_BYTES(1)) | ((eight) - BOLTHEAD_BYTES(0x20)) \\
      | (((eight) ^ BOLTHEAD_BYTES(0x22)) - BOLTHEAD_BYTES(1)) \\
      | (((eight) ^ BOLTHEAD_BYTES(0x5c)) - BOLTHEAD_BYTES(1))) & BOLTHEAD_BYTES(0x80))
    #define BOLTHEAD_SPACES BOLTHEAD_BYTES(0x20)
    #define BOLTHEAD_INT_REPR(what) (PyLong_Type.tp_repr(what))

    /* The standard writer's name of itself in this error was another before 3.15. */
    #if PY_VERSION_HEX >= 0x030F0000
      #define BOLTHEAD_NO_SEQUENCE "encoder_listencode_list needs a sequence"
    #else
      #define BOLTHEAD_NO_SEQUENCE "_iterencode_list needs a sequence"
    #endif

    /* From 3.14 on the standard writer adds a note to an error for each value around the place where it happened. */
    #if PY_VERSION_HEX >= 0x030E0000
    static void bolthead_note(PyObject *error, PyObject *text) {
        PyObject *added = text ? PyObject_CallMethod(error, "add_note", "O", text) : NULL;
        if (added == NULL) PyErr_Clear();
        Py_XDECREF(added);
        Py_XDECREF(text);
        PyErr_SetRaisedException(error);
    }

    static void bolthead_note_index(PyObject *what, Py_ssize_t at) {
        PyObject *error = PyErr_GetRaisedException();
        bolthead_note(error, PyUnicode_FromFormat("when serializing %T item %zd", what, at));
    }

    static void bolthead_note_key(PyObject *what, PyObject *key) {
        PyObject *error = PyErr_GetRaisedException();
        bolthead_note(error, PyUnicode_FromFormat("when serializing %T item %R", what, key));
    }

    static void bolthead_note_object(PyObject *what) {
        PyObject *error = PyErr_GetRaisedException();
        bolthead_note(error, PyUnicode_FromFormat("when serializing %T object", what));
    }
    #else
    #define bolthead_note_index(what, at)
    #define bolthead_note_key(what, key)
    #define bolthead_note_object(what)
    #endif

    /* A new reference to an item; NULL without an error at the end, which another thread may have moved. */
    static CYTHON_INLINE PyObject *bolthead_item(PyObject *items, Py_ssize_t at) {
        if (at >= PySequence_Fast_GET_SIZE(items)) return NULL;
    #ifdef Py_GIL_DISABLED
        if (PyList_Check(items)) {
            PyObject *item = PyList_GetItemRef(items, at);
            if (item == NULL) PyErr_Clear();
            return item;
        }
    #endif
        return Py_NewRef(PySequence_Fast_GET_ITEM(items, at));
    }
    """
    bint BOLTHEAD_EXACT
    bint BOLTHEAD_ALONE
    uint64_t BOLTHEAD_SPACES
    uint64_t BOLTHEAD_ESCAPED(uint64_t eight)
    const char *BOLTHEAD_NO_SEQUENCE
    PyObject *BOLTHEAD_INT_REPR(PyObject *what)
    void bolthead_note_index(PyObject *what, Py_ssize_t at)
    void bolthead_note_key(PyObject *what, PyObject *key)
    void bolthead_note_object(PyObject *what)
    PyObject *bolthead_item(PyObject *items, Py_ssize_t at)

# Declared without exceptions, since the functions below look for errors themselves.
cdef extern from "Python.h":
    PyObject *Py_False
    PyObject *Py_None
    PyObject *Py_True
    ctypedef struct PyTypeObject:
        pass
    Py_ssize_t PY_SSIZE_T_MAX
    PyTypeObject PyDict_Type
    PyTypeObject PyFloat_Type
    PyTypeObject PyList_Type
    PyTypeObject PyLong_Type
    PyTypeObject PyUnicode_Type
    PyObject *PyExc_ValueError
    int Py_DTSF_ADD_DOT_0
    PyTypeObject *Py_TYPE(PyObject *what)
    bint PyDict_Check(PyObject *what)
    bint PyFloat_Check(PyObject *what)
    bint PyList_Check(PyObject *what)
    bint PyLong_Check(PyObject *what)
    bint PyTuple_Check(PyObject *what)
    bint PyUnicode_Check(PyObject *what)
    Py_ssize_t PyDict_GET_SIZE(PyObject *mapping)
    int PyDict_Next(PyObject *mapping, Py_ssize_t *at, PyObject **key, PyObject **value)
    void PyErr_NoMemory()
    void PyErr_SetString(PyObject *kind, const char *text)
    double PyFloat_AS_DOUBLE(PyObject *what)
    PyObject *PyList_GET_ITEM(PyObject *items, Py_ssize_t at)
    Py_ssize_t PyList_GET_SIZE(PyObject *items)
    int PyList_Sort(PyObject *items)
    long long PyLong_AsLongLongAndOverflow(PyObject *what, int *overflow)
    PyObject *PyLong_FromVoidPtr(void *what)
    PyObject *PyMapping_Items(PyObject *mapping)
    PyObject *PyObject_CallOneArg(PyObject *function, PyObject *argument)
    int PyObject_IsInstance(PyObject *what, PyObject *kind)
    char *PyOS_double_to_string(double value, char form, int precision, int flags, int *kind)
    PyObject *PySequence_Fast(PyObject *items, const char *wrong)
    Py_ssize_t PySequence_Fast_GET_SIZE(PyObject *items)
    int PySet_Add(PyObject *found, PyObject *what)
    int PySet_Contains(PyObject *found, PyObject *what)
    int PySet_Discard(PyObject *found, PyObject *what)
    PyObject *PySet_New(PyObject *items)
    PyObject *PyTuple_GET_ITEM(PyObject *items, Py_ssize_t at)
    Py_ssize_t PyTuple_GET_SIZE(PyObject *items)
    PyObject *PyUnicode_AsEncodedString(PyObject *text, const char *encoding, const char *errors)
    int PyUnicode_Compare(PyObject *one, PyObject *other)
    void *PyUnicode_DATA(PyObject *text)
    str PyUnicode_DecodeUTF8(const char *data, Py_ssize_t size, const char *errors)
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject *text)
    bint PyUnicode_IS_ASCII(PyObject *text)
    int PyUnicode_KIND(PyObject *text)
    unsigned int PyUnicode_READ(int kind, void *data, Py_ssize_t at)
    int Py_EnterRecursiveCall(const char *place)
    void Py_LeaveRecursiveCall()
    void Py_DECREF(PyObject *what)
    void Py_INCREF(PyObject *what)
    void Py_XDECREF(PyObject *what)


cdef enum:
    FIRST = 2048
    FEW = 24
    PAIRS = 64
    SLACK = 32


cdef struct Out:
    char *begin
    char *at
    char *stop
    bint moved
    bint escaping
    bint sorting
    bint compact
    # Whether all of it is ASCII.
    bint ascii
    PyObject *default
    # Keys and values of the dicts that are being written, owned.
    PyObject **pairs
    Py_ssize_t count
    Py_ssize_t capacity
    # The innermost container that is not far inside, and the set of the addresses of those that are.
    Link *near
    PyObject *far


cdef Py_ssize_t LARGEST = PY_SSIZE_T_MAX // 4
cdef const char *HEX = b"0123456789abcdef"
cdef double POWERS[7]
cdef uint64_t UNITS[7]


cdef void _fill() noexcept:
    cdef int at
    POWERS[0] = 1.0
    UNITS[0] = 1
    for at in range(1, 7):
        POWERS[at] = POWERS[at - 1] * 10.0
        UNITS[at] = UNITS[at - 1] * 10


_fill()


# --- the buffer -----------------------------------------------------------------------------------------------


cdef inline int _reserve(Out *out, Py_ssize_t size) noexcept:
    return 0 if out.stop - out.at >= size else _grow(out, size)


cdef int _grow(Out *out, Py_ssize_t size) noexcept:
    cdef Py_ssize_t used = out.at - out.begin
    cdef char *more
    cdef Py_ssize_t needed = 0
    more = NULL
    if used < LARGEST and size < LARGEST:
        needed = 2 * used + size
        more = <char *>PyMem_Realloc(out.begin if out.moved else NULL, needed)
    if more is NULL:
        PyErr_NoMemory()
        return -1
    if not out.moved:
        memcpy(more, out.begin, used)
    out.moved = True
    out.begin = more
    out.at = more + used
    out.stop = more + needed
    return 0


cdef inline int _put(Out *out, const char *what, Py_ssize_t size) noexcept:
    if _reserve(out, size) < 0:
        return -1
    memcpy(out.at, what, size)
    out.at += size
    return 0


# --- strings and numbers --------------------------------------------------------------------------------------


cdef inline int _separate(Out *out, char sign) noexcept:
    """Write a comma or a colon, and a space unless compact."""
    if _reserve(out, 2) < 0:
        return -1
    out.at[0] = sign
    out.at[1] = c' '
    out.at += 1 if out.compact else 2
    return 0


cdef inline int _sign(Out *out, char sign) noexcept:
    if _reserve(out, 1) < 0:
        return -1
    out.at[0] = sign
    out.at += 1
    return 0


cdef int _write_str(Out *out, PyObject *what) noexcept:
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(what)
    cdef const unsigned char *at
    cdef const unsigned char *stop
    cdef PyObject *encoded
    cdef uint64_t eight
    cdef int failed
    if not PyUnicode_IS_ASCII(what):
        if out.escaping:
            return _write_wide(out, what, size)
        out.ascii = False
        encoded = PyUnicode_AsEncodedString(what, b"utf-8", b"surrogatepass")
        if encoded is NULL:
            return -1
        at = <const unsigned char *>PyBytes_AS_STRING(<object>encoded)
        failed = _sign(out, c'"')
        failed = failed or _write_raw(out, at, at + PyBytes_GET_SIZE(<object>encoded))
        Py_DECREF(encoded)
        return failed
    if _reserve(out, size + SLACK) < 0:
        return -1
    at = <const unsigned char *>PyUnicode_DATA(what)
    stop = at + size
    out.at[0] = c'"'
    out.at += 1
    while stop - at >= 8:
        memcpy(&eight, at, 8)
        if BOLTHEAD_ESCAPED(eight):
            return _write_raw(out, at, stop)
        memcpy(out.at, &eight, 8)
        out.at += 8
        at += 8
    size = stop - at
    if size:
        # The rest as one word, whose middle may be in it twice.
        eight = BOLTHEAD_SPACES
        if size >= 4:
            memcpy(&eight, at, 4)
            memcpy(<char *>&eight + 4, stop - 4, 4)
        else:
            (<char *>&eight)[0] = at[0]
            (<char *>&eight)[1] = at[size >> 1]
            (<char *>&eight)[2] = stop[-1]
        if BOLTHEAD_ESCAPED(eight):
            return _write_raw(out, at, stop)
        if size >= 4:
            memcpy(out.at, &eight, 4)
            memcpy(out.at + size - 4, <char *>&eight + 4, 4)
        else:
            out.at[0] = at[0]
            out.at[size >> 1] = at[size >> 1]
            out.at[size - 1] = stop[-1]
        out.at += size
    out.at[0] = c'"'
    out.at += 1
    return 0


cdef int _write_raw(Out *out, const unsigned char *at, const unsigned char *stop) noexcept:
    """Bytes of which some are to be escaped, and the last quote."""
    while at < stop:
        if _reserve(out, SLACK) < 0:
            return -1
        if at[0] < 0x20 or at[0] == c'"' or at[0] == c'\\' or (at[0] == 0x7F and out.escaping):
            _escape(out, at[0])
        else:
            out.at[0] = at[0]
            out.at += 1
        at += 1
    return _sign(out, c'"')


cdef int _write_wide(Out *out, PyObject *what, Py_ssize_t size) noexcept:
    cdef int kind = PyUnicode_KIND(what)
    cdef void *data = PyUnicode_DATA(what)
    cdef Py_ssize_t at
    cdef unsigned int code
    if _sign(out, c'"') < 0:
        return -1
    for at in range(size):
        if _reserve(out, SLACK) < 0:
            return -1
        code = PyUnicode_READ(kind, data, at)
        if 0x20 <= code < 0x7F and code != c'"' and code != c'\\':
            out.at[0] = <char>code
            out.at += 1
        elif code < 0x10000:
            _escape(out, code)
        else:
            _escape(out, 0xD800 + ((code - 0x10000) >> 10))
            _escape(out, 0xDC00 + (code & 0x3FF))
    return _sign(out, c'"')


cdef void _escape(Out *out, unsigned int code) noexcept:
    """Write an escape; the buffer has enough space."""
    cdef char short = 0
    if code == c'"' or code == c'\\':
        short = <char>code
    elif code == 10:
        short = c'n'
    elif code == 13:
        short = c'r'
    elif code == 9:
        short = c't'
    elif code == 8:
        short = c'b'
    elif code == 12:
        short = c'f'
    out.at[0] = c'\\'
    if short:
        out.at[1] = short
        out.at += 2
        return
    out.at[1] = c'u'
    out.at[2] = HEX[code >> 12 & 15]
    out.at[3] = HEX[code >> 8 & 15]
    out.at[4] = HEX[code >> 4 & 15]
    out.at[5] = HEX[code & 15]
    out.at += 6


cdef int _write_int(Out *out, PyObject *what) noexcept:
    cdef int overflow = 0
    cdef long long value
    cdef PyObject *text
    cdef int failed
    if what is Py_True:
        return _put(out, b"true", 4)
    if what is Py_False:
        return _put(out, b"false", 5)
    value = PyLong_AsLongLongAndOverflow(what, &overflow)
    if not overflow:
        if _reserve(out, SLACK) < 0:
            return -1
        if value < 0:
            out.at[0] = c'-'
            out.at += 1
            _digits(out, <uint64_t>0 - <uint64_t>value, 1)
        else:
            _digits(out, <uint64_t>value, 1)
        return 0
    text = BOLTHEAD_INT_REPR(what)
    if text is NULL:
        return -1
    failed = _put(out, <const char *>PyUnicode_DATA(text), PyUnicode_GET_LENGTH(text))
    Py_DECREF(text)
    return failed


cdef inline void _digits(Out *out, uint64_t value, int least) noexcept:
    """Write *value* with at least so many digits; the buffer has enough space."""
    cdef char turned[24]
    cdef int size = 0
    while value or size < least:
        turned[size] = <char>(c'0' + value % 10)
        value //= 10
        size += 1
    while size:
        size -= 1
        out.at[0] = turned[size]
        out.at += 1


cdef int _write_float(Out *out, double value) noexcept:
    cdef double size = fabs(value)
    cdef uint64_t scaled
    cdef int places
    cdef char *text
    cdef char *end
    if not isfinite(value):
        if value != value:
            return _put(out, b"NaN", 3)
        return _put(out, b"Infinity", 8) if value > 0 else _put(out, b"-Infinity", 9)
    if _reserve(out, SLACK) < 0:
        return -1
    if BOLTHEAD_EXACT and size < 1e9 and (size >= 1e-4 or size == 0):
        # Decimals of up to fifteen digits all differ as doubles. So one that is this double is its shortest form, and
        # the only one; the quotient of two exact doubles is rounded as a decimal is when it is read.
        for places in range(7):
            scaled = <uint64_t>(size * POWERS[places] + 0.5)
            if <double>scaled / POWERS[places] == size:
                if signbit(value):
                    out.at[0] = c'-'
                    out.at += 1
                _digits(out, scaled // UNITS[places], 1)
                out.at[0] = c'.'
                out.at += 1
                _digits(out, scaled % UNITS[places], places if places else 1)
                return 0
    text = PyOS_double_to_string(value, c'r', 0, Py_DTSF_ADD_DOT_0, NULL)
    if text is NULL:
        return -1
    end = text
    while end[0]:
        end += 1
    places = _put(out, text, end - text)
    PyMem_Free(text)
    return places
