"""The compiled version of ``class_watch.py``."""

cimport cython
from cpython.dict cimport PyDict_GetItemWithError
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject

cdef extern from *:
    """
    #if PY_VERSION_HEX >= 0x030C0000
    #define BOLTHEAD_TYPE_WATCHERS 1
    #define BOLTHEAD_DICT_VERSIONS 0
    #define BOLTHEAD_DICT_VERSION(dict) 0ULL

    #if defined(_MSC_VER)
    #include <intrin.h>
    static volatile long long bolthead_changes = 1;
    #define BOLTHEAD_CHANGES() ((unsigned long long)_InterlockedOr64(&bolthead_changes, 0))
    #define BOLTHEAD_CHANGED() ((void)_InterlockedIncrement64(&bolthead_changes))
    #define BOLTHEAD_LOAD(place) (*(volatile unsigned long long *)&(place))
    #define BOLTHEAD_STORE(place, value) \\
        ((void)_InterlockedExchange64((volatile long long *)&(place), (long long)(value)))
    #else
    static unsigned long long bolthead_changes = 1;
    #define BOLTHEAD_CHANGES() __atomic_load_n(&bolthead_changes, __ATOMIC_ACQUIRE)
    #define BOLTHEAD_CHANGED() ((void)__atomic_add_fetch(&bolthead_changes, 1, __ATOMIC_RELEASE))
    #define BOLTHEAD_LOAD(place) __atomic_load_n(&(place), __ATOMIC_ACQUIRE)
    #define BOLTHEAD_STORE(place, value) __atomic_store_n(&(place), (value), __ATOMIC_RELEASE)
    #endif

    static int bolthead_watcher = -1;

    /* CPython calls this when a watched class, or a base of one, is modified. */
    static int bolthead_class_changed(PyTypeObject *type) {
        (void)type;
        BOLTHEAD_CHANGED();
        return 0;
    }

    /* Called before the module is used. An interpreter has eight watchers; without one, attributes are compared. */
    static void bolthead_add_watcher(void) {
        bolthead_watcher = PyType_AddWatcher(bolthead_class_changed);
        if (bolthead_watcher < 0) PyErr_Clear();
    }

    /* Whether the next modification of *cls* calls the watcher. CPython calls it only while the class has a version
       tag, and stops assigning tags to a class that was modified very often. */
    static int bolthead_watch(PyObject *cls) {
        if (bolthead_watcher < 0 || !PyType_Check(cls)) return 0;
        if (PyType_Watch(bolthead_watcher, cls) < 0) {
            PyErr_Clear();
            return 0;
        }
        return PyUnstable_Type_AssignVersionTag((PyTypeObject *)cls);
    }

    typedef struct { PyObject *cls; } bolthead_tagged;
    static void bolthead_tag(bolthead_tagged *entry, PyObject *cls) { (void)entry; (void)cls; }
    static int bolthead_same_tags(bolthead_tagged *entries, Py_ssize_t count) { (void)entries; (void)count; return 0; }
    #else
    #define BOLTHEAD_TYPE_WATCHERS 0
    /* Of CPython 3.11, too (PEP 509): it is another one after each change of a dictionary. */
    #define BOLTHEAD_DICT_VERSIONS 1
    #define BOLTHEAD_DICT_VERSION(dict) ((unsigned long long)((PyDictObject *)(dict))->ma_version_tag)
    #define BOLTHEAD_CHANGES() 0ULL
    #define BOLTHEAD_LOAD(place) (place)
    #define BOLTHEAD_STORE(place, value) ((void)((place) = (value)))
    static void bolthead_add_watcher(void) {}
    static int bolthead_watch(PyObject *cls) { (void)cls; return 0; }

    /* CPython 3.11. The tag names one state of a class and of all its bases. It is assigned anew on the first look-up
       after any of them changed, and never reused. 0: there is none, so the attributes have to be compared. A change
       leaves 0, so that the flag of a valid tag, which is in another cache line, need not be read each time. */
    typedef struct { PyTypeObject *cls; unsigned int tag; } bolthead_tagged;

    static void bolthead_tag(bolthead_tagged *entry, PyObject *cls) {
        entry->cls = (PyTypeObject *)cls;
        entry->tag = PyType_Check(cls) && PyType_HasFeature(entry->cls, Py_TPFLAGS_VALID_VERSION_TAG)
            ? entry->cls->tp_version_tag : 0;
    }

    static int bolthead_same_tags(bolthead_tagged *entries, Py_ssize_t count) {
        Py_ssize_t nth;
        for (nth = 0; nth < count; nth++) {
            if (entries[nth].tag == 0 || entries[nth].tag != entries[nth].cls->tp_version_tag) return 0;
        }
        return 1;
    }
    #endif
    """
    ctypedef struct bolthead_tagged:
        pass
    bint BOLTHEAD_TYPE_WATCHERS
    bint BOLTHEAD_DICT_VERSIONS
    unsigned long long BOLTHEAD_DICT_VERSION(object module)
    unsigned long long BOLTHEAD_CHANGES()
    unsigned long long BOLTHEAD_LOAD(unsigned long long place)
    void BOLTHEAD_STORE(unsigned long long place, unsigned long long value)
    void bolthead_add_watcher()
    bint bolthead_watch(object cls) except -1
    void bolthead_tag(bolthead_tagged *entry, object cls)
    bint bolthead_same_tags(bolthead_tagged *entries, Py_ssize_t count)

cdef object _MISSING = object()

bolthead_add_watcher()


cdef object _value(cls, name):
    return len(vars(cls)) if name is None else getattr(cls, name, _MISSING)


@cython.no_gc_clear
cdef class ClassWatch:
    # `no_gc_clear`: the classes stay as long as there are pointers to them.
    #
    # `_checked` is the count of changes at which the attributes were last found as they should be; 0, which no count
    # is, where the next change will not be told. Free threading: it alone changes after `__init__` (on 3.11, which has
    # the GIL, `_tags` and `_count` do), and a thread that reads an older value compares the attributes once more.

    def __cinit__(self):
        self._tags = NULL

    def __init__(self, pairs):
        pairs = list(pairs)
        self._classes = list(dict.fromkeys([cls for cls, _name in pairs]))
        for cls in self._classes[:]:
            if isinstance(cls, type) and type(cls) is not type and type(cls) not in self._classes:
                # A metaclass may have the attribute.
                self._classes.append(type(cls))
        self._sort()
        if not BOLTHEAD_TYPE_WATCHERS and self._tags is NULL:
            # The list owns the classes that the array points to.
            self._tags = PyMem_Malloc((len(self._classes) or 1) * sizeof(bolthead_tagged))
            if self._tags is NULL:
                raise MemoryError
        changes = BOLTHEAD_CHANGES()
        watched = self._arm(self._count)
        self._seen = [(cls, name, _value(cls, name)) for cls, name in pairs]
        if not BOLTHEAD_TYPE_WATCHERS:
            self._arm(self._count)
        BOLTHEAD_STORE(self._checked, changes if watched else 0)

    def __dealloc__(self):
        PyMem_Free(self._tags)

    cdef int _sort(self) except -1:
        """Those classes first that no other one is derived from: the change of a class is one of these, too."""
        bases = set()
        for cls in self._classes:
            if isinstance(cls, type):
                bases.update(cls.__mro__[1:])
        self._classes.sort(key=bases.__contains__)
        self._count = len([cls for cls in self._classes if cls not in bases])
        return 0

    cdef int _arm(self, Py_ssize_t count) except -1:
        """Watch the first *count* classes for the next change. On 3.12 and later: whether that works for each."""
        cdef Py_ssize_t index
        cdef bint watched = True
        for index in range(count):
            if BOLTHEAD_TYPE_WATCHERS:
                watched = bolthead_watch(self._classes[index]) and watched
            else:
                bolthead_tag(&(<bolthead_tagged *>self._tags)[index], self._classes[index])
        return watched

    cpdef bint unchanged(self) except -1:
        if BOLTHEAD_TYPE_WATCHERS:
            if BOLTHEAD_LOAD(self._checked) == BOLTHEAD_CHANGES():
                return True
        elif bolthead_same_tags(<bolthead_tagged *>self._tags, self._count):
            return True
        return self._compare()

    cdef bint _compare(self) except -1:
        # The count first: a change that comes while this runs is seen by the next call.
        cdef unsigned long long changes = BOLTHEAD_CHANGES()
        cdef bint watched = False
        if BOLTHEAD_TYPE_WATCHERS:
            # All of them: a class may have got other bases.
            watched = self._arm(len(self._classes))
        for cls, name, value in self._seen:
            found = _value(cls, name)
            if found is not value and (name is not None or found != value):
                return False
        if BOLTHEAD_TYPE_WATCHERS:
            BOLTHEAD_STORE(self._checked, changes if watched else 0)
        else:
            # The look-ups above made CPython tag the classes again, which may have got other bases.
            self._sort()
            self._arm(self._count)
        return True


def probe(*classes):
    """For the pure-Python version."""


cdef class StockFunctions:
    # `_versions`: of each module's dictionary, when all was last found as it should be.

    def __cinit__(self):
        self._versions = NULL

    def __init__(self, *pairs):
        self._seen = [(vars(module), name, vars(module)[name]) for module, names in pairs for name in names.split()]
        self._modules = [vars(module) for module, _names in pairs]
        if BOLTHEAD_DICT_VERSIONS and self._versions is NULL:
            self._versions = <unsigned long long *>PyMem_Calloc(len(pairs) or 1, sizeof(unsigned long long))
            if self._versions is NULL:
                raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self._versions)

    cpdef bint unchanged(self) except -1:
        cdef tuple seen
        cdef Py_ssize_t nth
        if BOLTHEAD_DICT_VERSIONS:
            for nth in range(len(self._modules)):
                if self._versions[nth] != BOLTHEAD_DICT_VERSION(self._modules[nth]):
                    break
            else:
                return True
        for seen in self._seen:
            if PyDict_GetItemWithError(seen[0], seen[1]) is not <PyObject *>seen[2]:
                return False
        if BOLTHEAD_DICT_VERSIONS:
            for nth in range(len(self._modules)):
                self._versions[nth] = BOLTHEAD_DICT_VERSION(self._modules[nth])
        return True
