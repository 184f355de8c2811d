"""The compiled version of ``objects.py``."""

from cpython.dict cimport PyDict_Next, PyDict_SetDefault
from cpython.object cimport PyObject, PyObject_GenericSetAttr
from cpython.pythread cimport (
    PyThread_acquire_lock, PyThread_allocate_lock, PyThread_free_lock, PyThread_release_lock, PyThread_type_lock,
    NOWAIT_LOCK, WAIT_LOCK,
)
from cpython.ref cimport Py_XDECREF

import sys
from collections import defaultdict

cdef extern from *:
    """
    /* What object.__new__ does is in the slot, also for a class that overrides it. */
    static CYTHON_INLINE PyObject *bolthead_new(PyObject *cls, PyObject *no_arguments) {
        return ((PyTypeObject *)cls)->tp_new((PyTypeObject *)cls, no_arguments, NULL);
    }

    static CYTHON_INLINE PyObject *bolthead_new_text(PyObject *cls, PyObject *arguments) {
        return PyUnicode_Type.tp_new((PyTypeObject *)cls, arguments, NULL);
    }

    /* The interpreter's own look-up of every attribute, which gives what it finds unbound. Borrowed. */
    static CYTHON_INLINE PyObject *bolthead_lookup(PyObject *cls, PyObject *name) {
    #if CYTHON_COMPILING_IN_CPYTHON && !defined(Py_GIL_DISABLED)
        if (PyType_Check(cls)) return _PyType_Lookup((PyTypeObject *)cls, name);
    #endif
        return NULL;
    }

    /* A new reference in *found*; NULL without an error where there is no such key. */
    static CYTHON_INLINE int bolthead_get_item(PyObject *mapping, PyObject *key, PyObject **found) {
    #if PY_VERSION_HEX >= 0x030D0000
        return PyDict_GetItemRef(mapping, key, found);
    #else
        *found = Py_XNewRef(PyDict_GetItemWithError(mapping, key));
        return *found == NULL && PyErr_Occurred() ? -1 : 0;
    #endif
    }

    static CYTHON_INLINE int bolthead_has_own(PyObject *instance, PyObject *name) {
        PyObject *own;
        int has;
    #if CYTHON_COMPILING_IN_CPYTHON && !defined(Py_GIL_DISABLED)
        PyObject **place = _PyObject_GetDictPtr(instance);
        if (place != NULL) return *place == NULL ? 0 : PyDict_Contains(*place, name);
    #endif
        own = PyObject_GenericGetDict(instance, NULL);
        if (own == NULL) return -1;
        has = PyDict_Contains(own, name);
        Py_DECREF(own);
        return has;
    }

    /* The class of the collections that hooks are kept in, beside dict. */
    static PyTypeObject *bolthead_defaultdict;

    static void bolthead_set_defaultdict(PyObject *cls) {
        bolthead_defaultdict = (PyTypeObject *)Py_NewRef(cls);
    }

    static int bolthead_any_filled(PyObject *collections) {
        Py_ssize_t nth;
        for (nth = 0; nth < PyTuple_GET_SIZE(collections); nth++) {
            PyObject *one = PyTuple_GET_ITEM(collections, nth);
            int is_filled;
            if (Py_IS_TYPE(one, bolthead_defaultdict) || PyDict_CheckExact(one)) {
                if (PyDict_GET_SIZE(one) != 0) return 1;
                continue;
            }
            Py_INCREF(one);
            is_filled = PyObject_IsTrue(one);
            Py_DECREF(one);
            if (is_filled) return is_filled;
        }
        return 0;
    }

    static CYTHON_INLINE int bolthead_is_function(PyObject *func) {
        return Py_TYPE(func) == &PyFunction_Type;
    }

    static CYTHON_INLINE int bolthead_function_flags(PyObject *func) {
        return ((PyCodeObject *)PyFunction_GET_CODE(func))->co_flags;
    }

    static void bolthead_immortal(PyObject *value) {
    #if !defined(Py_GIL_DISABLED)
        (void)value;
    #elif PY_VERSION_HEX >= 0x030F0000
        PyUnstable_SetImmortal(value);
    #else
        /* Before 3.15 there is no function for it. */
        value->ob_tid = _Py_UNOWNED_TID;
        value->ob_ref_local = _Py_IMMORTAL_REFCNT_LOCAL;
        value->ob_ref_shared = 0;
    #endif
    }
    """
    void bolthead_immortal(object value)
    PyObject *bolthead_lookup(object cls, object name)
    object bolthead_new(object cls, object no_arguments)
    object bolthead_new_text(object cls, object arguments)
    bint bolthead_has_own(object instance, object name) except -1
    int bolthead_get_item(object mapping, object key, PyObject **found) except -1
    void bolthead_set_defaultdict(object cls)
    bint bolthead_any_filled(tuple collections) except -1
    bint bolthead_is_function(object func)
    int bolthead_function_flags(object func)


bolthead_set_defaultdict(defaultdict)

cdef int CO_COROUTINE = 0x80
cdef object GETITEM = "__getitem__"
cdef PyObject *DICT_GETITEM = bolthead_lookup(dict, GETITEM)
cdef bint MARKS = sys.version_info >= (3, 12)


cpdef object new(object cls):
    if not isinstance(cls, type):
        return cls.__new__(cls)
    return bolthead_new(cls, ())


cpdef object new_text(object cls, object value):
    return bolthead_new_text(cls, (value,))


cpdef bint disjoint(dict one, object other) except -1:
    cdef PyObject *key = NULL
    cdef Py_ssize_t at = 0
    if type(other) is not dict:
        return one.keys().isdisjoint(other.keys())
    while PyDict_Next(one, &at, &key, NULL):
        if <object>key in <dict>other:
            return False
    return True


cpdef bint any_filled(tuple collections) except -1:
    # FAST (asgi string): eight are looked at for each request, nearly always all empty.
    return bolthead_any_filled(collections)


cpdef bint is_on(object cls, object name, object value) except -1:
    cdef PyObject *found = bolthead_lookup(cls, name)
    return <PyObject *>value is found if found is not NULL else getattr(cls, name, None) is value


cpdef object bare(object cls):
    return new(cls)


cpdef object bare_dict(object cls):
    return new(cls)


cpdef bint is_sync_function(object func):
    if not bolthead_is_function(func) or bolthead_function_flags(func) & CO_COROUTINE:
        return False
    return not (MARKS and "_is_coroutine_marker" in func.__dict__)


cpdef bint is_coroutine_function(object func):
    return bolthead_is_function(func) and bolthead_function_flags(func) & CO_COROUTINE != 0


cpdef object own_set(object instance, object name, object value):
    PyObject_GenericSetAttr(instance, name, value)


cpdef bint has_own(object instance, object name) except -1:
    return bolthead_has_own(instance, name)


cpdef object own_item(object mapping, object key):
    cdef PyObject *found = NULL
    bolthead_get_item(mapping, key, &found)
    if found is NULL:
        return None
    value = <object>found
    Py_XDECREF(found)
    return value


cpdef object item_of(object mapping, object key):
    cdef PyObject *found = NULL
    if bolthead_lookup(type(mapping), GETITEM) is DICT_GETITEM and DICT_GETITEM is not NULL:
        bolthead_get_item(mapping, key, &found)
        if found is not NULL:
            value = <object>found
            Py_XDECREF(found)
            return value
    # Also for what `__missing__` gives, and for the error.
    return mapping[key]


def immortal(value):
    bolthead_immortal(value)
    return value


cpdef object add_pairs(object mapping, list pairs):
    cdef PyObject *found
    cdef tuple pair
    for pair in pairs:
        values = [pair[1]]
        found = PyDict_SetDefault(mapping, pair[0], values)
        if found is not <PyObject *>values:
            (<list>found).append(pair[1])


cdef void release(PyThread_type_lock lock) noexcept nogil:
    # CPython 3.15 ends the process where a lock is released that is not held.
    PyThread_acquire_lock(lock, NOWAIT_LOCK)
    PyThread_release_lock(lock)


include "reused.pxi"


cdef class Turn:
    def __cinit__(self):
        self._lock = PyThread_allocate_lock()
        if self._lock is NULL:
            raise MemoryError

    def __dealloc__(self):
        if self._lock is not NULL:
            release(self._lock)
            PyThread_free_lock(self._lock)

    cpdef bint take(self) except -1:
        return PyThread_acquire_lock(self._lock, NOWAIT_LOCK)


cdef extern from *:
    """
    /* How a thread waits for its turns, and what those who release it may know of that. It is all a hint: whether the
       thread goes on is decided by the lock. */
    typedef struct {
        int state;          /* running, spinning or sleeping */
        int core;           /* where the thread ran last */
        int other_core;     /* where it was released from */
        int quick;          /* its turns in a row that took less than a spin */
        int near;           /* above 0, the next release is likely to come within a spin */
        long long begun;    /* its turn, in nanoseconds */
    } bolthead_waiter;

    #if defined(__linux__)
    #include <sched.h>
    #include <time.h>
    enum { BOLTHEAD_RUNNING, BOLTHEAD_SPINNING, BOLTHEAD_SLEEPING };
    /* Nanoseconds: about what it costs to wake a thread on another core, which doubles the wait where it was in vain;
       and a sleep that could as well have been spun, with its waking. */
    #define BOLTHEAD_SPIN 50000
    #define BOLTHEAD_SHORT_SLEEP (2 * BOLTHEAD_SPIN)
    /* A single short turn or sleep foretells nothing. */
    #define BOLTHEAD_IN_A_ROW 4
    #define BOLTHEAD_SEEN(place) __atomic_load_n(&(place), __ATOMIC_ACQUIRE)
    #define BOLTHEAD_SHOW(place, value) __atomic_store_n(&(place), (value), __ATOMIC_RELEASE)

    static long long bolthead_now(void) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * 1000000000LL + now.tv_nsec;
    }

    /* Until the state is no longer *state*. Returns whether that came within a spin that began at *start*. */
    static int bolthead_spin(bolthead_waiter *waiter, int state, long long start) {
        do {
            for (int i = 0; i < 16; i++) {
                if (BOLTHEAD_SEEN(waiter->state) != state) return 1;
    #if defined(__x86_64__) || defined(__i386__)
                __builtin_ia32_pause();
    #elif defined(__aarch64__)
                __asm__ volatile("isb");
    #endif
            }
        } while (bolthead_now() - start < BOLTHEAD_SPIN);
        return 0;
    }

    static void bolthead_wait(bolthead_waiter *waiter, PyThread_type_lock lock) {
        long long start = bolthead_now();
        int core = sched_getcpu(), state = BOLTHEAD_SPINNING, spin;
        waiter->quick = start - waiter->begun < BOLTHEAD_SPIN ? waiter->quick + 1 : 0;
        spin = waiter->quick >= BOLTHEAD_IN_A_ROW && waiter->near > 0 && core != BOLTHEAD_SEEN(waiter->other_core);
        BOLTHEAD_SHOW(waiter->core, core);
        BOLTHEAD_SHOW(waiter->state, spin ? BOLTHEAD_SPINNING : BOLTHEAD_SLEEPING);
        if (spin) {
            waiter->near = bolthead_spin(waiter, state, start) ? BOLTHEAD_IN_A_ROW : -BOLTHEAD_IN_A_ROW;
            __atomic_compare_exchange_n(
                &waiter->state, &state, BOLTHEAD_SLEEPING, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
        }
        PyThread_acquire_lock(lock, WAIT_LOCK);
        waiter->begun = bolthead_now();
        if (!spin) waiter->near = waiter->begun - start < BOLTHEAD_SHORT_SLEEP ? waiter->near + 1 : 0;
    }

    static void bolthead_let_go_on(bolthead_waiter *waiter, PyThread_type_lock lock) {
        int core = sched_getcpu(), state;
        BOLTHEAD_SHOW(waiter->other_core, core);
        state = __atomic_exchange_n(&waiter->state, BOLTHEAD_RUNNING, __ATOMIC_ACQ_REL);
        PyThread_release_lock(lock);
        if (state == BOLTHEAD_SPINNING && core != BOLTHEAD_SEEN(waiter->core))
            bolthead_spin(waiter, BOLTHEAD_RUNNING, bolthead_now());
    }
    #else
    static void bolthead_wait(bolthead_waiter *waiter, PyThread_type_lock lock) {
        (void)waiter;
        PyThread_acquire_lock(lock, WAIT_LOCK);
    }
    static void bolthead_let_go_on(bolthead_waiter *waiter, PyThread_type_lock lock) {
        (void)waiter;
        PyThread_release_lock(lock);
    }
    #endif
    """
    ctypedef struct bolthead_waiter:
        pass
    void bolthead_wait(bolthead_waiter *waiter, PyThread_type_lock lock) noexcept nogil
    void bolthead_let_go_on(bolthead_waiter *waiter, PyThread_type_lock lock) noexcept nogil


cdef class Semaphore:
    cdef PyThread_type_lock _lock
    cdef bolthead_waiter _waiter

    def __cinit__(self):
        self._lock = PyThread_allocate_lock()
        if self._lock is NULL:
            raise MemoryError
        PyThread_acquire_lock(self._lock, WAIT_LOCK)

    def __dealloc__(self):
        if self._lock is not NULL:
            release(self._lock)
            PyThread_free_lock(self._lock)

    def acquire(self):
        with nogil:
            bolthead_wait(&self._waiter, self._lock)

    def release(self):
        with nogil:
            # CPython 3.15 ends the process where a lock is released that is not held.
            PyThread_acquire_lock(self._lock, NOWAIT_LOCK)
            bolthead_let_go_on(&self._waiter, self._lock)
