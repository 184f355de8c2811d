# Attributes of objects, for ``context_vars.pyx``: ``getattr`` for the object behind a proxy.

cdef extern from *:
    """
    /* How a class with a `__getattr__` in Python looks attributes up: its slot, and names and value of the methods that
       the slot calls. *bolthead_absent* is a `__getattr__` that does no more than raise the error, without a context:
       it is called while another error is handled. */
    static getattrofunc bolthead_hook;
    static PyObject *bolthead_hook_name, *bolthead_plain_name, *bolthead_plain, *bolthead_absent;

    static void bolthead_hooks(PyObject *cls, PyObject *hook_name, PyObject *plain_name, PyObject *plain) {
        bolthead_hook = ((PyTypeObject *)cls)->tp_getattro;
        bolthead_hook_name = Py_NewRef(hook_name);
        bolthead_plain_name = Py_NewRef(plain_name);
        bolthead_plain = Py_NewRef(plain);
    }

    static void bolthead_only_raises(PyObject *hook) {
        Py_XSETREF(bolthead_absent, Py_NewRef(hook));
    }

    /* The attributes of objects that were looked up last, in classes that have such a `__getattr__` and no attribute of
       that name: NULL where the object has none. CPython 3.11 gives a dictionary another version with each change, and
       each once (PEP 509). Names are owned, values borrowed: the dictionary of that version has them. It is there when
       something asked for `__dict__`, as the methods of `g` do. */
    #if BOLTHEAD_LOOKUPS && PY_VERSION_HEX < 0x030C0000
    #define BOLTHEAD_KNOWN 1
    static struct {PyObject *name; PyObject *value; uint64_t version; unsigned int tag;} bolthead_known[8];
    #define BOLTHEAD_ENTRY(name) (&bolthead_known[(size_t)(name) / 64 % 8])
    #define BOLTHEAD_DICT(obj) (((PyDictObject **)(obj))[-3])
    #else
    #define BOLTHEAD_KNOWN 0
    #endif

    #if BOLTHEAD_LOOKUPS && PY_VERSION_HEX < 0x030D0000
    static PyObject *bolthead_missing(PyObject *obj, PyObject *name) {
        PyObject *found, *handled = NULL, *method = _PyType_Lookup(Py_TYPE(obj), bolthead_hook_name);
        if (method == NULL) return PyObject_GetAttr(obj, name);
        if (method == bolthead_absent && (handled = PyErr_GetHandledException()) == NULL) {
            PyErr_SetObject(PyExc_AttributeError, name);
            return NULL;
        }
        Py_XDECREF(handled);
        Py_INCREF(method);
        if (Py_TYPE(method)->tp_descr_get != NULL) {
            Py_SETREF(method, Py_TYPE(method)->tp_descr_get(method, obj, (PyObject *)Py_TYPE(obj)));
            if (method == NULL) return NULL;
        }
        found = PyObject_CallOneArg(method, name);
        Py_DECREF(method);
        return found;
    }

    /* Before CPython 3.13 the slot makes an error of each missing attribute before it calls `__getattr__`. */
    static Py_NO_INLINE PyObject *bolthead_look_up(PyObject *obj, PyObject *name) {
        PyTypeObject *cls = Py_TYPE(obj);
        PyObject *found;
    #if BOLTHEAD_KNOWN
        PyDictObject *own = NULL;
        uint64_t version = 0;
    #endif
        if (cls->tp_getattro != bolthead_hook || _PyType_Lookup(cls, bolthead_plain_name) != bolthead_plain)
            return PyObject_GetAttr(obj, name);
    #if BOLTHEAD_KNOWN
        if (PyType_HasFeature(cls, Py_TPFLAGS_MANAGED_DICT) && PyUnicode_CheckExact(name)) own = BOLTHEAD_DICT(obj);
        if (own != NULL) version = own->ma_version_tag;
    #endif
        found = _PyObject_GenericGetAttrWithDict(obj, name, NULL, 1);
        if (found == NULL && PyErr_Occurred()) return NULL;
    #if BOLTHEAD_KNOWN
        if (own != NULL && _PyType_Lookup(cls, name) == NULL && cls->tp_version_tag != 0 && BOLTHEAD_DICT(obj) == own
            && own->ma_version_tag == version) {
            Py_INCREF(name);
            Py_XSETREF(BOLTHEAD_ENTRY(name)->name, name);
            BOLTHEAD_ENTRY(name)->value = found;
            BOLTHEAD_ENTRY(name)->version = version;
            BOLTHEAD_ENTRY(name)->tag = cls->tp_version_tag;
        }
    #endif
        return found != NULL ? found : bolthead_missing(obj, name);
    }
    #else
    #define bolthead_look_up PyObject_GetAttr
    #endif

    /* ``getattr(obj, name)``. FAST (shares): what was looked up last is not looked up again. */
    static CYTHON_INLINE PyObject *bolthead_getattr(PyObject *obj, PyObject *name) {
    #if BOLTHEAD_KNOWN
        /* The tag is that of a class with such a dictionary. */
        if (BOLTHEAD_ENTRY(name)->name == name && BOLTHEAD_ENTRY(name)->tag == Py_TYPE(obj)->tp_version_tag
            && BOLTHEAD_DICT(obj) != NULL && BOLTHEAD_ENTRY(name)->version == BOLTHEAD_DICT(obj)->ma_version_tag) {
            if (BOLTHEAD_ENTRY(name)->value != NULL) return Py_NewRef(BOLTHEAD_ENTRY(name)->value);
            return bolthead_missing(obj, name);
        }
    #endif
        return bolthead_look_up(obj, name);
    }

    /* The same for one attribute, which is the object's own as a rule. *last* holds a borrowed value, as above. */
    static PyObject *bolthead_always_read(PyObject *obj, PyObject *name) {
    #if BOLTHEAD_KNOWN
        static struct {PyObject *name; PyObject *value; uint64_t version; unsigned int tag;} last;
        PyTypeObject *cls = Py_TYPE(obj);
        PyDictObject *own = PyType_HasFeature(cls, Py_TPFLAGS_MANAGED_DICT) ? BOLTHEAD_DICT(obj) : NULL;
        PyObject *found;
        if (own != NULL && own->ma_version_tag == last.version && cls->tp_version_tag == last.tag && name == last.name)
            return Py_NewRef(last.value);
        found = PyObject_GetAttr(obj, name);
        if (found != NULL && own != NULL && BOLTHEAD_DICT(obj) == own && cls->tp_getattro == PyObject_GenericGetAttr
            && cls->tp_version_tag != 0 && PyDict_GetItemWithError((PyObject *)own, name) == found) {
            Py_XSETREF(last.name, Py_NewRef(name));
            last.value = found;
            last.version = own->ma_version_tag;
            last.tag = cls->tp_version_tag;
        }
        return found;
    #else
        return PyObject_GetAttr(obj, name);
    #endif
    }

    static CYTHON_INLINE int bolthead_is_hooked(PyObject *obj) {
        return Py_TYPE(obj)->tp_getattro == bolthead_hook;
    }

    /* 0 where the error is an AttributeError, which is cleared. */
    static int bolthead_no_attribute(void) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError)) return -1;
        PyErr_Clear();
        return 0;
    }
    """
    bint bolthead_is_hooked(object obj)
    int bolthead_no_attribute() except -1
    void bolthead_hooks(object cls, object hook_name, object plain_name, object plain)
    void bolthead_only_raises(object hook)
    PyObject *bolthead_getattr(PyObject *obj, PyObject *name)
    object bolthead_always_read(object obj, object name)
