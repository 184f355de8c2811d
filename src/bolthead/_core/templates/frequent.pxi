# Steps of templates that are taken most, for ``calls.pyx``: attributes, names, text, macros. What is rare goes on to
# the functions of ``runtime``.

cdef extern from *:
    """
    #define BOLTHEAD_ARGUMENTS 12

    /* The functions for what is rare, the classes of macros and of text that is not escaped, what escapes a str. */
    static PyObject *bolthead_rare_attribute, *bolthead_rare_text, *bolthead_rare_names, *bolthead_absent;
    static PyObject *bolthead_macro, *bolthead_markup, *bolthead_escape, *bolthead_none_such;

    /* How a class with a `__getattr__` in Python looks attributes up. */
    static getattrofunc bolthead_hook;

    /* Names of attributes of contexts. */
    static PyObject *bolthead_own_name, *bolthead_parent_name;

    /* What is read of a macro before it is called, in this order; also of its environment and of the context. */
    enum {
        OF_KWARGS, OF_VARARGS, OF_CALLER, OF_OWN_CALLER, OF_HOME, OF_ASYNC,
        OF_WANTED, OF_COUNT, OF_FUNCTION, OF_CONTEXT, OF_ESCAPE, MACRO_FIELDS
    };
    static const char *const bolthead_field_names[MACRO_FIELDS] = {
        "catch_kwargs", "catch_varargs", "caller", "explicit_caller", "_environment", "is_async",
        "arguments", "_argument_count", "_func", "eval_ctx", "autoescape"
    };
    static PyObject *bolthead_fields[MACRO_FIELDS];

    /* A new reference in *found*; NULL where there is no such attribute. */
    static CYTHON_INLINE int bolthead_optional(PyObject *obj, PyObject *name, PyObject **found) {
    #if PY_VERSION_HEX >= 0x030D0000
        return PyObject_GetOptionalAttr(obj, name, found);
    #else
        return _PyObject_LookupAttr(obj, name, found);
    #endif
    }

    /* A new reference in *found*; NULL where there is no such key. */
    static CYTHON_INLINE int bolthead_optional_item(PyObject *table, PyObject *key, PyObject **found) {
    #if PY_VERSION_HEX >= 0x030D0000
        return PyDict_GetItemRef(table, key, found);
    #else
        *found = Py_XNewRef(PyDict_GetItemWithError(table, key));
        return *found == NULL && PyErr_Occurred() ? -1 : 0;
    #endif
    }

    /* `runtime.attribute`: the environment, an object, a name. */
    static PyObject *bolthead_attribute(PyObject *module, PyObject *const *args, Py_ssize_t count) {
        PyObject *found = NULL;
        (void)module;
        if (count != 3 || PyDict_CheckExact(args[1]) || Py_TYPE(args[1])->tp_getattro == bolthead_hook)
            return PyObject_Vectorcall(bolthead_rare_attribute, args, (size_t)count, NULL);
        if (bolthead_optional(args[1], args[2], &found) < 0 || found != NULL) return found;
        return PyObject_Vectorcall(bolthead_absent, args, 3, NULL);
    }

    /* `runtime.text`. */
    static PyObject *bolthead_text(PyObject *module, PyObject *value) {
        (void)module;
        if (PyUnicode_CheckExact(value)) return PyObject_CallOneArg(bolthead_escape, value);
        if (Py_TYPE(value) == (PyTypeObject *)bolthead_markup) return Py_NewRef(value);
        return PyObject_CallOneArg(bolthead_rare_text, value);
    }

    /* `runtime.resolve_all`: the context, then names. */
    static PyObject *bolthead_resolve_all(PyObject *module, PyObject *const *args, Py_ssize_t count) {
        PyObject *values = NULL, *own = NULL, *parent = NULL;
        Py_ssize_t nth;
        (void)module;
        if (count > 0) own = PyObject_GetAttr(args[0], bolthead_own_name);
        if (own != NULL) parent = PyObject_GetAttr(args[0], bolthead_parent_name);
        if (parent == NULL || !PyDict_CheckExact(own) || !PyDict_CheckExact(parent)) {
            PyErr_Clear();
            values = PyObject_Vectorcall(bolthead_rare_names, args, (size_t)count, NULL);
        } else {
            int has_own = PyDict_GET_SIZE(own) > 0;
            values = PyTuple_New(count - 1);
            for (nth = 1; values != NULL && nth < count; nth++) {
                PyObject *found = NULL;
                if ((has_own && bolthead_optional_item(own, args[nth], &found) < 0)
                    || (found == NULL && bolthead_optional_item(parent, args[nth], &found) < 0)) {
                    Py_CLEAR(values);
                    break;
                }
                PyTuple_SET_ITEM(values, nth - 1, found != NULL ? found : Py_NewRef(bolthead_none_such));
            }
        }
        Py_XDECREF(own);
        Py_XDECREF(parent);
        return values;
    }

    /* The values of a macro's arguments in *values*, borrowed; 0 where `runtime.call` has to look at them. */
    static int bolthead_macro_values(PyObject *wanted, PyObject *const *args, Py_ssize_t given, PyObject *names,
                                     PyObject **values) {
        Py_ssize_t named = names == NULL ? 0 : PyTuple_GET_SIZE(names), used = 0, nth, at;
        for (nth = 0; nth < PyTuple_GET_SIZE(wanted); nth++) {
            PyObject *name = PyTuple_GET_ITEM(wanted, nth);
            if (!PyUnicode_CheckExact(name)) return 0;
            values[nth] = nth < given ? args[nth] : bolthead_none_such;
            for (at = 0; nth >= given && at < named; at++) {
                PyObject *other = PyTuple_GET_ITEM(names, at);
                if (other != name && PyUnicode_Compare(other, name) != 0) continue;
                values[nth] = args[given + at];
                used++;
                break;
            }
        }
        return used == named;
    }

    /* What `runtime.call` makes of a macro; NULL without an error where that has to do it. */
    static PyObject *bolthead_call_macro(PyObject *const *args, Py_ssize_t given, PyObject *names) {
        PyObject *read[MACRO_FIELDS] = {NULL}, *values[BOLTHEAD_ARGUMENTS], *content, *found = NULL;
        Py_ssize_t size;
        int which, escape;
        for (which = 0; which < MACRO_FIELDS; which++) {
            PyObject *owner = which == OF_ASYNC || which == OF_ESCAPE ? read[which - 1] : args[which != OF_CONTEXT];
            int is_rare = which <= OF_OWN_CALLER || which == OF_ASYNC;
            read[which] = PyObject_GetAttr(owner, bolthead_fields[which]);
            if (read[which] == NULL || (is_rare && read[which] != Py_False)) goto rare;
        }
        if (!PyTuple_CheckExact(read[OF_WANTED])) goto rare;
        size = PyTuple_GET_SIZE(read[OF_WANTED]);
        if (size > BOLTHEAD_ARGUMENTS || given > size || PyLong_AsSsize_t(read[OF_COUNT]) != size) goto rare;
        if (!bolthead_macro_values(read[OF_WANTED], args + 4, given, names, values)) goto rare;
        escape = PyObject_IsTrue(read[OF_ESCAPE]);
        if (escape < 0) goto rare;
        content = PyObject_Vectorcall(read[OF_FUNCTION], values, (size_t)size, NULL);
        if (content == NULL || !escape) {
            found = content;
        } else if (PyUnicode_CheckExact(content)) {
            PyObject *arguments = PyTuple_Pack(1, content);
            if (arguments != NULL) found = PyUnicode_Type.tp_new((PyTypeObject *)bolthead_markup, arguments, NULL);
            Py_XDECREF(arguments);
            Py_DECREF(content);
        } else {
            found = PyObject_CallOneArg(bolthead_markup, content);
            Py_DECREF(content);
        }
        goto end;
    rare:
        PyErr_Clear();
    end:
        for (which = 0; which < MACRO_FIELDS; which++) Py_XDECREF(read[which]);
        return found;
    }

    static PyMethodDef bolthead_steps[] = {
        {"attribute", (PyCFunction)(void (*)(void))bolthead_attribute, METH_FASTCALL, NULL},
        {"text", bolthead_text, METH_O, NULL},
        {"resolve_all", (PyCFunction)(void (*)(void))bolthead_resolve_all, METH_FASTCALL, NULL},
    };

    static PyObject *bolthead_step(int which, PyObject *rare, PyObject *module) {
        PyObject **rares[] = {&bolthead_rare_attribute, &bolthead_rare_text, &bolthead_rare_names};
        *rares[which] = Py_NewRef(rare);
        return PyCFunction_NewEx(&bolthead_steps[which], NULL, module);
    }

    static void bolthead_prepare_steps(PyObject *absent, PyObject *hooked, PyObject *macro, PyObject *markup,
                                       PyObject *escape, PyObject *none_such) {
        int which;
        bolthead_absent = Py_NewRef(absent);
        bolthead_hook = ((PyTypeObject *)hooked)->tp_getattro;
        bolthead_macro = Py_NewRef(macro);
        bolthead_markup = Py_NewRef(markup);
        bolthead_escape = Py_NewRef(escape);
        bolthead_none_such = Py_NewRef(none_such);
        bolthead_own_name = PyUnicode_InternFromString("vars");
        bolthead_parent_name = PyUnicode_InternFromString("parent");
        for (which = 0; which < MACRO_FIELDS; which++)
            bolthead_fields[which] = PyUnicode_InternFromString(bolthead_field_names[which]);
    }
    """
    object bolthead_step(int which, object rare, object module)
    void bolthead_prepare_steps(
        object absent, object hooked, object macro, object markup, object escape, object none_such
    )
