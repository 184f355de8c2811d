# cython: boundscheck=False, wraparound=False, auto_pickle=False
"""The compiled version of ``segment_table.py``; ``tests/core/routing/test_segment_table.py`` compares the two."""

cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport uint64_t
from libc.string cimport memcmp

# Odd, and random for each process, so that a client cannot choose texts that collide.
cdef uint64_t _FACTOR = <uint64_t>(<Py_ssize_t>hash("bolthead")) ^ <uint64_t>0x9E3779B97F4A7C15 | 1


# --- characters --------------------------------------------------------------------------------------------------


cdef Py_ssize_t segment(int kind, const void *data, Py_ssize_t at, Py_ssize_t stop, uint64_t *hashed) noexcept:
    """Where the segment that begins at *at* ends, and its hash."""
    cdef uint64_t total = 0
    cdef unsigned int letter
    if kind == 1:
        while at < stop:
            letter = (<const unsigned char *>data)[at]
            if letter == 47:
                break
            total = (total + letter) * _FACTOR
            at += 1
    else:
        while at < stop:
            letter = PyUnicode_READ(kind, data, at)
            if letter == 47:
                break
            total = (total + letter) * _FACTOR
            at += 1
    hashed[0] = total
    return at


cdef uint64_t hash_of(str text) noexcept:
    """The hash of all of *text*, which may hold slashes."""
    cdef int kind = PyUnicode_KIND(text)
    cdef const void *data = PyUnicode_DATA(text)
    cdef Py_ssize_t at
    cdef uint64_t total = 0
    for at in range(PyUnicode_GET_LENGTH(text)):
        total = (total + PyUnicode_READ(kind, data, at)) * _FACTOR
    return total


cdef bint equals_at(str text, int kind, const void *data, Py_ssize_t at) noexcept:
    """Whether *text* is at *at* of *data*, which is long enough."""
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(text)
    cdef int own = PyUnicode_KIND(text)
    cdef const char *letters = <const char *>PyUnicode_DATA(text)
    cdef Py_ssize_t nth
    if own == kind:
        return memcmp(<const char *>data + at * kind, letters, size * kind) == 0
    for nth in range(size):
        if PyUnicode_READ(own, letters, nth) != PyUnicode_READ(kind, data, at + nth):
            return False
    return True


# --- literal segments -----------------------------------------------------------------------------------------


@cython.final
cdef class SegmentTable:
    """Open addressing, by a hash that `segment` makes while it looks for the slash. One text needs no table.

    *_slots* alternates texts and children. A table that a search may be in is never changed, see ``tree.py``.
    """

    cpdef SegmentTable copy(self):
        cdef SegmentTable made = SegmentTable()
        made._text = self._text
        made._child = self._child
        made._slots = None if self._slots is None else self._slots[:]
        made._used = self._used
        return made

    cpdef object get(self, str text):
        if text is None:
            raise TypeError("expected str, got NoneType")
        cdef PyObject *found = self.child(text)
        return None if found is NULL else <object>found

    cdef PyObject *child(self, str text) except? NULL:
        """The child for *text*, borrowed; NULL if there is none."""
        BOLTHEAD_READY(text)
        return self.find(PyUnicode_KIND(text), PyUnicode_DATA(text), 0, PyUnicode_GET_LENGTH(text), hash_of(text))

    def __getitem__(self, str text):
        found = self.get(text)
        if found is None:
            raise KeyError(text)
        return found

    def __setitem__(self, str text, child):
        cdef bint new = self.get(text) is None
        if self._slots is None:
            if self._used == 0 or not new:
                self._text = text
                self._child = child
                self._used = 1
                return
            self._slots = [None] * 8
            _put(self._slots, self._text, self._child)
        elif new and 4 * self._used > len(self._slots):
            slots = [None] * (2 * len(self._slots))
            for nth in range(0, len(self._slots), 2):
                if self._slots[nth] is not None:
                    _put(slots, self._slots[nth], self._slots[nth + 1])
            self._slots = slots
        _put(self._slots, text, child)
        self._used += new

    cdef PyObject *find(self, int kind, const void *data, Py_ssize_t at, Py_ssize_t stop, uint64_t hashed) noexcept:
        """The child for these letters, borrowed; NULL if there is none."""
        cdef Py_ssize_t size = stop - at
        cdef Py_ssize_t mask, slot
        cdef PyObject *text
        cdef PyObject *slots = <PyObject *>self._slots
        if slots is <PyObject *>None:
            if self._text is None or PyUnicode_GET_LENGTH(self._text) != size:
                return NULL
            return <PyObject *>self._child if equals_at(self._text, kind, data, at) else NULL
        mask = PyList_GET_SIZE(slots) // 2 - 1
        slot = <Py_ssize_t>(hashed >> 24) & mask
        while True:
            text = PyList_GET_ITEM(slots, 2 * slot)
            if text is <PyObject *>None:
                return NULL
            if PyUnicode_GET_LENGTH(<str>text) == size and equals_at(<str>text, kind, data, at):
                return PyList_GET_ITEM(slots, 2 * slot + 1)
            slot = (slot + 1) & mask


cdef int _put(list slots, str text, object child) except -1:
    """Half of the slots at most are taken, so there is a free one."""
    cdef Py_ssize_t mask = len(slots) // 2 - 1
    cdef Py_ssize_t slot = <Py_ssize_t>(hash_of(text) >> 24) & mask
    while slots[2 * slot] is not None and slots[2 * slot] != text:
        slot = (slot + 1) & mask
    slots[2 * slot] = text
    slots[2 * slot + 1] = child
    return 0
