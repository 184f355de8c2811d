cpdef object new(object cls)
cpdef object bare(object cls)
cpdef object bare_dict(object cls)
cpdef bint is_sync_function(object func)
cpdef bint is_on(object cls, object name, object value) except -1
cpdef object own_set(object instance, object name, object value)
cpdef object own_item(object mapping, object key)
cpdef object add_pairs(object mapping, list pairs)
