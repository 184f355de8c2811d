cpdef object parse(object text)
