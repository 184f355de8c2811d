cpdef Py_ssize_t parse_head(
    bytes data, dict environ, Py_ssize_t limit_line, Py_ssize_t limit_fields, Py_ssize_t limit_size
) except -2
cpdef tuple usual_lines(object headers, dict names)
