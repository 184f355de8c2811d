# What is read of an ASGI scope, for ``bytes_search.pyx``.

cdef extern from "Python.h":
    Py_ssize_t PySequence_Fast_GET_SIZE(object sequence)
    PyObject *PySequence_Fast_GET_ITEM(object sequence, Py_ssize_t nth)
    bint PyTuple_CheckExact(PyObject *pair)
    Py_ssize_t PyTuple_GET_SIZE(PyObject *pair)
    PyObject *PyTuple_GET_ITEM(PyObject *pair, Py_ssize_t nth)
    const char *text_of "PyBytes_AS_STRING" (PyObject *data)
    Py_ssize_t PyBytes_GET_SIZE(PyObject *data)
    bint PyBytes_CheckExact(PyObject *data)
    bint PyUnicode_CheckExact(PyObject *text)
    bint PyUnicode_IS_COMPACT_ASCII(PyObject *text)
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject *text)

cdef extern from *:
    """
    enum {
        BOLTHEAD_PATH, BOLTHEAD_METHOD, BOLTHEAD_ROOT, BOLTHEAD_SCHEME, BOLTHEAD_HEADERS, BOLTHEAD_EXTENSIONS,
        BOLTHEAD_KEYS
    };
    static const char *const bolthead_names[BOLTHEAD_KEYS] = {
        "path", "method", "root_path", "scheme", "headers", "extensions"
    };
    static PyObject *bolthead_keys[BOLTHEAD_KEYS];

    /* Which key of a scope each was the last time, for both types: a server makes all its scopes alike, and what is in
       its place need not be hashed. -1 where the keys are no interned texts. */
    static Py_ssize_t bolthead_places[2][BOLTHEAD_KEYS];

    static int bolthead_find_keys(void) {
        int which;
        for (which = 0; which < BOLTHEAD_KEYS; which++) {
            bolthead_keys[which] = PyUnicode_InternFromString(bolthead_names[which]);
            if (bolthead_keys[which] == NULL) return -1;
        }
        return 0;
    }

    /* Borrowed; NULL with an error or without. */
    static PyObject *bolthead_given(PyObject *scope, int which, int websocket) {
        PyObject *key = bolthead_keys[which], *value;
    #ifndef Py_GIL_DISABLED
        Py_ssize_t *place = &bolthead_places[websocket][which], at = *place, next = 0;
        PyObject *there;
        if (PyDict_Next(scope, &at, &there, &value) && there == key) return value;
    #endif
        value = PyDict_GetItemWithError(scope, key);
    #ifndef Py_GIL_DISABLED
        if (value == NULL || *place < 0) return value;
        for (*place = -1, at = 0; PyDict_Next(scope, &next, &there, NULL); at = next) {
            if (there == key) *place = at;
        }
    #endif
        return value;
    }

    static CYTHON_INLINE int bolthead_is(PyObject *text, const char *wanted, Py_ssize_t size) {
        return PyUnicode_GET_LENGTH(text) == size && PyUnicode_IS_COMPACT_ASCII(text)
            && memcmp(PyUnicode_1BYTE_DATA(text), wanted, (size_t)size) == 0;
    }

    /* Of an empty text, the zero after it. */
    #define bolthead_first(text) PyUnicode_1BYTE_DATA(text)[0]
    """
    enum:
        BOLTHEAD_PATH
        BOLTHEAD_METHOD
        BOLTHEAD_ROOT
        BOLTHEAD_SCHEME
        BOLTHEAD_HEADERS
        BOLTHEAD_EXTENSIONS
    int bolthead_find_keys() except -1
    PyObject *bolthead_given(dict scope, int which, bint websocket) except? NULL
    bint bolthead_is(PyObject *text, const char *wanted, Py_ssize_t size)
    unsigned char bolthead_first(PyObject *text)

bolthead_find_keys()


cdef class ScopeValues:
    # References are borrowed: what scope and headers hold stays, nothing of Python's runs here.

    cdef bint read(self, dict scope, bint websocket) except -1:
        cdef PyObject *given = bolthead_given(scope, BOLTHEAD_METHOD, websocket)
        if given is not NULL and not (PyUnicode_CheckExact(given) and bolthead_is(given, b"GET", 3)):
            return False
        given = bolthead_given(scope, BOLTHEAD_ROOT, websocket)
        if given is not NULL and not (PyUnicode_CheckExact(given) and PyUnicode_GET_LENGTH(given) == 0):
            return False
        given = bolthead_given(scope, BOLTHEAD_SCHEME, websocket)
        if given is not NULL:
            if not PyUnicode_CheckExact(given):
                return False
            if websocket:
                if not bolthead_is(given, b"ws", 2) and not bolthead_is(given, b"wss", 3):
                    return False
            elif not (
                bolthead_is(given, b"http", 4) or bolthead_is(given, b"https", 5) or PyUnicode_GET_LENGTH(given) == 0
            ):
                return False
        elif websocket:
            return False
        given = bolthead_given(scope, BOLTHEAD_PATH, websocket)
        if given is NULL or not PyUnicode_CheckExact(given) or not PyUnicode_IS_COMPACT_ASCII(given):
            return False
        if bolthead_first(given) != c"/":
            return False
        self.path = <str>given
        given = bolthead_given(scope, BOLTHEAD_EXTENSIONS, websocket)
        if given is not NULL:
            self.extensions = <object>given
        given = bolthead_given(scope, BOLTHEAD_HEADERS, websocket)
        return given is not NULL and self.read_headers(<object>given, websocket)

    cdef bint read_headers(self, object headers, bint websocket) except -1:
        cdef PyObject *pair
        cdef PyObject *name
        cdef PyObject *value
        cdef const char *text
        cdef Py_ssize_t nth, size
        self.host = self.cookie = None
        if type(headers) is not list and type(headers) is not tuple:
            return False
        for nth in range(PySequence_Fast_GET_SIZE(headers)):
            pair = PySequence_Fast_GET_ITEM(headers, nth)
            if not PyTuple_CheckExact(pair) or PyTuple_GET_SIZE(pair) != 2:
                return False
            name = PyTuple_GET_ITEM(pair, 0)
            value = PyTuple_GET_ITEM(pair, 1)
            if not PyBytes_CheckExact(name) or not PyBytes_CheckExact(value):
                return False
            size = PyBytes_GET_SIZE(name)
            text = text_of(name)
            if size == 0 or <unsigned char>text[0] < c"a":
                return False
            if size == 4:
                if memcmp(text, b"host", 4) == 0:
                    if self.host is not None:
                        return False
                    self.host = <bytes>value
            elif size == 6:
                if memcmp(text, b"cookie", 6) == 0:
                    if self.cookie is not None:
                        return False
                    self.cookie = <bytes>value
            elif size == 7:
                if not websocket and memcmp(text, b"upgrade", 7) == 0:
                    return False
            elif size == 12:
                if memcmp(text, b"content-type", 12) == 0:
                    return False
            elif size == 14:
                if memcmp(text, b"content-length", 14) == 0:
                    return False
            elif size == 17:
                if memcmp(text, b"transfer-encoding", 17) == 0:
                    return False
        return self.host is not None
