cdef dict _dates

cpdef str date_of(object second)
cpdef str simple_cookie(
    object key, object value, object max_age, object path, object secure, object httponly, object samesite,
    double now
)
