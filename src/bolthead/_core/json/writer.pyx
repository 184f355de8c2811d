"""The compiled version of ``writer.py``; ``tests/core/json/test_reader_and_writer.py`` compares the two.

The text grows in one buffer, as UTF-8 in which a lone surrogate is like any character. What is written and in which
order things are looked at is as in the standard library's own C, so that `default` is called as often and errors are
the same.
"""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject
from libc.string cimport memcmp, memcpy

from bolthead._core.primitives.class_watch cimport ClassWatch, StockFunctions

import json as _json
import json.encoder as _encoder

cdef enum:
    FAR = 64


cdef struct Link:
    # What is being written, from the inside out; depth is 0 until it is entered.
    PyObject *what
    Link *outer
    int depth


include "writer_buffer.pxi"


cdef object STANDARD_DUMPS = _json.dumps
cdef object ESCAPE_ALL = _encoder.encode_basestring_ascii
cdef object ESCAPE = _encoder.encode_basestring
cdef StockFunctions FUNCTIONS = StockFunctions(
    (_json, "JSONEncoder dumps"), (_encoder, "c_make_encoder encode_basestring encode_basestring_ascii")
)
cdef ClassWatch STEPS = ClassWatch(
    [(_json.JSONEncoder, name) for name in ("__init__", "encode", "item_separator", "iterencode", "key_separator")]
)


cdef bint _intact() except -1:
    return FUNCTIONS.unchanged() and STEPS.unchanged()


cdef class Writer:
    def __init__(self, default, ensure_ascii, sort_keys, bint compact):
        self.default = default
        self.ensure_ascii = ensure_ascii
        self.sort_keys = sort_keys
        self.compact = compact
        self._escaping = bool(ensure_ascii)
        self._sorting = bool(sort_keys)

    def __reduce__(self):
        return type(None), ()

    cpdef str text(self, object obj):
        cdef char first[FIRST]
        cdef PyObject *pairs[PAIRS]
        cdef Out out
        if self.default is None or not _intact():
            return self._standard(obj)
        _begin(self, &out, first, pairs)
        try:
            if _write(&out, <PyObject *>obj, NULL) < 0:
                _raise()
            return PyUnicode_DecodeUTF8(out.begin, out.at - out.begin, b"surrogatepass")
        finally:
            _end(&out)

    cpdef bytes line(self, object obj):
        cdef char first[FIRST]
        cdef PyObject *pairs[PAIRS]
        cdef Out out
        if self.default is None or not _intact():
            return (self._standard(obj) + "\n").encode()
        _begin(self, &out, first, pairs)
        try:
            if _write(&out, <PyObject *>obj, NULL) < 0 or _put(&out, b"\n", 1) < 0:
                _raise()
            if out.ascii:
                return PyBytes_FromStringAndSize(out.begin, out.at - out.begin)
            # A lone surrogate cannot be encoded for a response.
            return PyUnicode_DecodeUTF8(out.begin, out.at - out.begin, b"surrogatepass").encode()
        finally:
            _end(&out)

    cdef str _standard(self, object obj):
        options = {"default": self.default, "ensure_ascii": self.ensure_ascii, "sort_keys": self.sort_keys}
        if self.compact:
            options["separators"] = (",", ":")
        return _json.dumps(obj, **options)


cdef extern from *:
    """
    /* The error is set already: this is the way to make Cython see it. */
    static CYTHON_INLINE int bolthead_raise(void) { return -1; }
    """
    int _raise "bolthead_raise"() except -1


cdef void _begin(Writer writer, Out *out, char *first, PyObject **pairs) noexcept:
    out.begin = out.at = first
    out.stop = first + FIRST
    out.moved = False
    out.escaping = writer._escaping
    out.sorting = writer._sorting
    out.compact = writer.compact
    out.ascii = True
    out.default = <PyObject *>writer.default
    out.pairs = pairs
    out.count = 0
    out.capacity = PAIRS
    out.near = NULL
    out.far = NULL


cdef void _end(Out *out) noexcept:
    if out.moved:
        PyMem_Free(out.begin)
    if out.capacity > PAIRS:
        PyMem_Free(out.pairs)
    Py_XDECREF(out.far)


# --- values ---------------------------------------------------------------------------------------------------


cdef int _write(Out *out, PyObject *what, Link *outer) noexcept:
    """Write *what*, which the caller holds; -1 with an error set."""
    cdef PyTypeObject *kind = Py_TYPE(what)
    cdef Link link
    cdef int failed
    if kind is &PyUnicode_Type:
        return _write_str(out, what)
    if what is Py_None:
        return _put(out, b"null", 4)
    if what is Py_True:
        return _put(out, b"true", 4)
    if what is Py_False:
        return _put(out, b"false", 5)
    if PyLong_Check(what):
        return _write_int(out, what)
    if PyUnicode_Check(what):
        return _write_str(out, what)
    if kind is &PyFloat_Type or (kind is not &PyDict_Type and kind is not &PyList_Type and PyFloat_Check(what)):
        return _write_float(out, PyFloat_AS_DOUBLE(what))
    if Py_EnterRecursiveCall(b" while encoding a JSON object"):
        return -1
    link.outer = outer
    link.depth = 0
    if PyList_Check(what) or PyTuple_Check(what):
        failed = _write_list(out, what, &link)
    elif PyDict_Check(what):
        failed = _write_dict(out, what, &link)
    else:
        failed = _write_other(out, what, &link)
    if link.depth > FAR and not failed:
        failed = _leave_far(out, what)
    Py_LeaveRecursiveCall()
    return failed


cdef inline int _enter(Out *out, PyObject *what, Link *link) noexcept:
    """Note that *what* is being written; ValueError if it is so already."""
    cdef Link *outer = link.outer
    cdef int found = 0
    link.what = what
    link.depth = 1 if outer is NULL else outer.depth + 1
    if link.depth > FAR:
        found = _enter_far(out, what, link)
        outer = out.near
    while outer is not NULL and not found:
        found = outer.what is what
        outer = outer.outer
    if found > 0:
        PyErr_SetString(PyExc_ValueError, b"Circular reference detected")
    return -1 if found else 0


cdef int _enter_far(Out *out, PyObject *what, Link *link) noexcept:
    """1 if *what* is among those further inside than ``FAR``, which a set has: on CPython 3.14 there may be 40,000."""
    cdef PyObject *address
    cdef int found = -1
    if link.depth == FAR + 1:
        out.near = link.outer
    if out.far is NULL:
        out.far = PySet_New(NULL)
    address = PyLong_FromVoidPtr(what)
    if out.far is not NULL and address is not NULL:
        found = PySet_Contains(out.far, address)
        if found == 0:
            found = PySet_Add(out.far, address)
    Py_XDECREF(address)
    return found


cdef int _leave_far(Out *out, PyObject *what) noexcept:
    cdef PyObject *address = PyLong_FromVoidPtr(what)
    if address is NULL or PySet_Discard(out.far, address) < 0:
        Py_XDECREF(address)
        return -1
    Py_DECREF(address)
    return 0


cdef int _write_other(Out *out, PyObject *what, Link *link) noexcept:
    cdef PyObject *made
    cdef int failed
    if (link.outer is NULL and _refuse_text(out, what) < 0) or _enter(out, what, link) < 0:
        return -1
    made = PyObject_CallOneArg(out.default, what)
    if made is NULL:
        return -1
    failed = _write(out, made, link)
    if failed:
        bolthead_note_object(what)
    Py_DECREF(made)
    return failed


cdef int _refuse_text(Out *out, PyObject *what) noexcept:
    """The standard library's error for the whole of a text that only says that it is one, as a proxy does."""
    cdef PyObject *found
    cdef int failed = PyObject_IsInstance(what, <PyObject *>&PyUnicode_Type)
    if failed > 0:
        found = PyObject_CallOneArg(<PyObject *>ESCAPE_ALL if out.escaping else <PyObject *>ESCAPE, what)
        failed = -1 if found is NULL else 0
        Py_XDECREF(found)
    return failed


cdef int _write_list(Out *out, PyObject *what, Link *link) noexcept:
    cdef PyObject *items = PySequence_Fast(what, BOLTHEAD_NO_SEQUENCE)
    cdef PyObject *item
    cdef Py_ssize_t at = 0
    cdef int failed = 0
    if items is NULL:
        return -1
    if PySequence_Fast_GET_SIZE(items) == 0:
        Py_DECREF(items)
        return _put(out, b"[]", 2)
    failed = _enter(out, what, link)
    # Its end is looked for each time: `default`, or another thread, may change a list.
    while not failed:
        item = bolthead_item(items, at)
        if item is NULL:
            break
        failed = _sign(out, c'[') if at == 0 else _separate(out, c',')
        if not failed and _write(out, item, link) < 0:
            bolthead_note_index(what, at)
            failed = -1
        Py_DECREF(item)
        at += 1
    if at == 0 and not failed:
        failed = _sign(out, c'[')
    Py_DECREF(items)
    return failed or _sign(out, c']')


# --- dicts ----------------------------------------------------------------------------------------------------


cdef int _write_dict(Out *out, PyObject *what, Link *link) noexcept:
    cdef Py_ssize_t base = out.count
    cdef int failed
    if PyDict_GET_SIZE(what) == 0:
        return _put(out, b"{}", 2)
    if _enter(out, what, link) < 0:
        return -1
    if Py_TYPE(what) is not &PyDict_Type or (out.sorting and PyDict_GET_SIZE(what) > FEW):
        return _write_items(out, what, link)
    if BOLTHEAD_ALONE:
        failed = _gather(out, what)
    else:
        with cython.critical_section(<object>what):
            failed = _gather(out, what)
    if failed == 0:
        if out.sorting:
            _sort(out.pairs + base, out.count - base)
        failed = _write_pairs(out, base, link)
    while out.count > base:
        out.count -= 1
        Py_DECREF(out.pairs[out.count])
    return _write_items(out, what, link) if failed == 1 else failed


cdef int _gather(Out *out, PyObject *mapping) noexcept:
    """Hold its keys and values; 1 if a key is no str. Meanwhile no other thread may change it."""
    cdef Py_ssize_t at = 0
    cdef Py_ssize_t needed = out.count + 2 * PyDict_GET_SIZE(mapping)
    cdef PyObject *key = NULL
    cdef PyObject *value = NULL
    cdef PyObject **more
    if needed > out.capacity:
        needed *= 2
        more = <PyObject **>PyMem_Realloc(out.pairs if out.capacity > PAIRS else NULL, needed * sizeof(PyObject *))
        if more is NULL:
            PyErr_NoMemory()
            return -1
        if out.capacity == PAIRS:
            memcpy(more, out.pairs, out.count * sizeof(PyObject *))
        out.pairs = more
        out.capacity = needed
    while PyDict_Next(mapping, &at, &key, &value):
        if Py_TYPE(key) is not &PyUnicode_Type:
            return 1
        Py_INCREF(key)
        Py_INCREF(value)
        out.pairs[out.count] = key
        out.pairs[out.count + 1] = value
        out.count += 2
    return 0


cdef void _sort(PyObject **pairs, Py_ssize_t count) noexcept:
    """By insertion: there are few, and often they are in order."""
    cdef Py_ssize_t nth = 2
    cdef Py_ssize_t at
    cdef PyObject *key
    cdef PyObject *value
    while nth < count:
        key = pairs[nth]
        value = pairs[nth + 1]
        at = nth
        while at > 0 and _before(key, pairs[at - 2]):
            pairs[at] = pairs[at - 2]
            pairs[at + 1] = pairs[at - 1]
            at -= 2
        pairs[at] = key
        pairs[at + 1] = value
        nth += 2


cdef inline bint _before(PyObject *one, PyObject *other) noexcept:
    cdef Py_ssize_t size
    cdef int order
    if not PyUnicode_IS_ASCII(one) or not PyUnicode_IS_ASCII(other):
        return PyUnicode_Compare(one, other) < 0
    # FAST (json-body): most differ in the first byte (of an empty one, that is the NUL behind it).
    order = (<unsigned char *>PyUnicode_DATA(one))[0] - (<unsigned char *>PyUnicode_DATA(other))[0]
    if order == 0:
        size = PyUnicode_GET_LENGTH(one)
        if size > PyUnicode_GET_LENGTH(other):
            size = PyUnicode_GET_LENGTH(other)
        order = memcmp(PyUnicode_DATA(one), PyUnicode_DATA(other), size)
    if order == 0:
        return PyUnicode_GET_LENGTH(one) < PyUnicode_GET_LENGTH(other)
    return order < 0


cdef int _write_pairs(Out *out, Py_ssize_t base, Link *link) noexcept:
    cdef Py_ssize_t at = base
    cdef Py_ssize_t stop = out.count
    while at < stop:
        if _begin_pair(out, at == base) < 0:
            return -1
        if _write_str(out, out.pairs[at]) < 0 or _separate(out, c':') < 0:
            return -1
        if _write(out, out.pairs[at + 1], link) < 0:
            bolthead_note_key(link.what, out.pairs[at])
            return -1
        at += 2
    return _sign(out, c'}')


cdef inline int _begin_pair(Out *out, bint first) noexcept:
    if first:
        return _sign(out, c'{')
    return _separate(out, c',')


cdef int _write_items(Out *out, PyObject *what, Link *link) noexcept:
    """A dict with other keys, of a class of its own, or a large one to be sorted."""
    cdef PyObject *items = PyMapping_Items(what)
    cdef PyObject *item
    cdef Py_ssize_t at = 0
    cdef int failed = 0
    if items is NULL:
        return -1
    if out.sorting:
        failed = PyList_Sort(items)
    if PyList_GET_SIZE(items) == 0 and not failed:
        failed = _sign(out, c'{')
    while not failed and at < PyList_GET_SIZE(items):
        item = PyList_GET_ITEM(items, at)
        if not PyTuple_Check(item) or PyTuple_GET_SIZE(item) != 2:
            PyErr_SetString(PyExc_ValueError, b"items must return 2-tuples")
            failed = -1
        else:
            Py_INCREF(item)
            failed = _begin_pair(out, at == 0)
            failed = failed or _write_key(out, PyTuple_GET_ITEM(item, 0))
            failed = failed or _separate(out, c':')
            if not failed and _write(out, PyTuple_GET_ITEM(item, 1), link) < 0:
                bolthead_note_key(what, PyTuple_GET_ITEM(item, 0))
                failed = -1
            Py_DECREF(item)
        at += 1
    Py_DECREF(items)
    return failed or _sign(out, c'}')


cdef int _write_key(Out *out, PyObject *key) noexcept:
    if PyUnicode_Check(key):
        return _write_str(out, key)
    if not (PyFloat_Check(key) or PyLong_Check(key) or key is Py_None):
        return _refuse(key)
    # Texts without anything to escape.
    if _sign(out, c'"') < 0 or _write(out, key, NULL) < 0:
        return -1
    return _sign(out, c'"')


cdef int _refuse(PyObject *key) noexcept:
    """Raise the standard library's error for the key."""
    cdef PyObject *found = PyObject_CallOneArg(<PyObject *>_dumps_key, key)
    if found is not NULL:
        Py_DECREF(found)
        PyErr_SetString(PyExc_ValueError, b"a key that only the standard library can write")
    return -1


def _dumps_key(key):
    return STANDARD_DUMPS({key: None})
