cimport cython
from cpython.pythread cimport PyThread_type_lock

cdef extern from *:
    """
    /* What threads read while another one writes. A read sees all that was written before what it reads; with the GIL
       that is so anyway. MSVC is told to take `volatile` so, see setup.py. */
    #ifndef Py_GIL_DISABLED
    typedef int bolthead_flag;
    typedef Py_ssize_t bolthead_size;
    #elif defined(_MSC_VER)
    typedef volatile int bolthead_flag;
    typedef volatile Py_ssize_t bolthead_size;
    #else
    typedef _Atomic int bolthead_flag;
    typedef _Atomic Py_ssize_t bolthead_size;
    #endif
    """
    ctypedef bint Flag "bolthead_flag"
    ctypedef Py_ssize_t Size "bolthead_size"

cpdef object new(object cls)
cpdef object new_text(object cls, object value)
cpdef object bare(object cls)
cpdef object bare_dict(object cls)
cpdef bint is_sync_function(object func)
cpdef bint is_coroutine_function(object func)
cpdef bint any_filled(tuple collections) except -1
cpdef bint disjoint(dict one, object other) except -1
cpdef bint is_on(object cls, object name, object value) except -1
cpdef object own_set(object instance, object name, object value)
cpdef bint has_own(object instance, object name) except -1
cpdef object own_item(object mapping, object key)
cpdef object item_of(object mapping, object key)
cpdef object add_pairs(object mapping, list pairs)
cpdef object keep_memory(object cls)
cpdef object needs_no_finalizer(object obj)


@cython.final
cdef class Template:
    cdef dict _fields
    cdef object _key
    cdef dict _free
    cdef unsigned long long _version

    cpdef dict filled(self, object value)
    cpdef object take_back(self, dict made)


cdef class Turn:
    cdef PyThread_type_lock _lock

    cpdef bint take(self) except -1
