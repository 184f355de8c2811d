# Objects that each request makes and frees, for ``objects.pyx``.

cdef extern from *:
    """
    /* A dictionary's version is another one after each change, and that of no other dictionary (PEP 509). */
    #if CYTHON_COMPILING_IN_CPYTHON && PY_VERSION_HEX < 0x030C0000
    enum { BOLTHEAD_VERSIONS = 1 };
    #define BOLTHEAD_VERSION(dict) (((PyDictObject *)(dict))->ma_version_tag)
    #else
    enum { BOLTHEAD_VERSIONS = 0 };
    #define BOLTHEAD_VERSION(dict) 0
    #endif

    #if CYTHON_COMPILING_IN_CPYTHON && !defined(Py_GIL_DISABLED) && !defined(__SANITIZE_ADDRESS__)
    /* The word before an object, whose lowest bit says that its finalizer has run. Objects are kept with none set. */
    #define BOLTHEAD_COLLECTED(obj) (((uintptr_t *)(obj))[-1])
    #define BOLTHEAD_CLASSES 2
    #define BOLTHEAD_KEPT 8

    static struct {PyTypeObject *cls; int count; PyObject *kept[BOLTHEAD_KEPT];} bolthead_memory[BOLTHEAD_CLASSES];

    static PyObject *bolthead_alloc(PyTypeObject *cls, Py_ssize_t items) {
        int nth = bolthead_memory[0].cls != cls;
        PyObject *obj;
        if (bolthead_memory[nth].cls != cls || !bolthead_memory[nth].count) return PyType_GenericAlloc(cls, items);
        obj = bolthead_memory[nth].kept[--bolthead_memory[nth].count];
        memset(obj, 0, (size_t)cls->tp_basicsize);
        PyObject_Init(obj, cls);
        PyObject_GC_Track(obj);
        return obj;
    }

    static void bolthead_free(void *obj) {
        PyTypeObject *cls = Py_TYPE((PyObject *)obj);
        int nth = bolthead_memory[0].cls != cls;
        if (bolthead_memory[nth].cls != cls || bolthead_memory[nth].count == BOLTHEAD_KEPT) {
            PyObject_GC_Del(obj);
            return;
        }
        BOLTHEAD_COLLECTED(obj) = 0;
        bolthead_memory[nth].kept[bolthead_memory[nth].count++] = (PyObject *)obj;
    }

    /* Whether that bit is where it is thought to be. */
    static int bolthead_is_collected_there(PyObject *obj) {
        int found = !PyObject_GC_IsFinalized(obj);
        BOLTHEAD_COLLECTED(obj) |= 1;
        found = found && PyObject_GC_IsFinalized(obj);
        BOLTHEAD_COLLECTED(obj) &= ~(uintptr_t)1;
        return found && !PyObject_GC_IsFinalized(obj);
    }

    static void bolthead_keep_memory(PyObject *sample) {
        PyTypeObject *cls = Py_TYPE(sample);
        int nth = bolthead_memory[0].cls != NULL;
        if (bolthead_memory[nth].cls != NULL || cls->tp_alloc != PyType_GenericAlloc || cls->tp_free != PyObject_GC_Del
            || PyType_HasFeature(cls, Py_TPFLAGS_HEAPTYPE) || !bolthead_is_collected_there(sample)) return;
        bolthead_memory[nth].cls = cls;
        cls->tp_alloc = bolthead_alloc;
        cls->tp_free = bolthead_free;
    }

    static CYTHON_INLINE void bolthead_is_final(PyObject *obj) {
        if (Py_TYPE(obj)->tp_free == bolthead_free) BOLTHEAD_COLLECTED(obj) |= 1;
    }
    #else
    static void bolthead_keep_memory(PyObject *sample) {
        (void)sample;
    }
    static CYTHON_INLINE void bolthead_is_final(PyObject *obj) {
        (void)obj;
    }
    #endif
    """
    bint BOLTHEAD_VERSIONS
    Py_ssize_t references "Py_REFCNT" (dict made)
    unsigned long long BOLTHEAD_VERSION(dict made)
    void bolthead_keep_memory(object sample)
    void bolthead_is_final(object obj)


cpdef object keep_memory(object cls):
    bolthead_keep_memory(new(cls))


cpdef object needs_no_finalizer(object obj):
    bolthead_is_final(obj)


cdef class Template:
    def __init__(self, dict fields, key):
        self._fields = fields
        self._key = key

    cpdef dict filled(self, object value):
        cdef dict made = self._free
        if made is None:
            made = self._fields.copy()
        else:
            self._free = None
        made[self._key] = value
        if BOLTHEAD_VERSIONS:
            self._version = BOLTHEAD_VERSION(made)
        return made

    cpdef object take_back(self, dict made):
        # The caller has the one reference that is left.
        if BOLTHEAD_VERSIONS and references(made) == 1 and BOLTHEAD_VERSION(made) == self._version:
            self._free = made
