"""A part of ``search.pyx``: what one search has found so far, and its steps to come back to."""

cdef struct Span:
    # An argument's characters; with *at* below 0, number *stop* of the texts.
    Py_ssize_t at
    Py_ssize_t stop


cdef struct Step:
    # A state to come back to, with the edges that were not tried yet (owned) and what the search had then.
    PyObject *state
    PyObject *edges
    Py_ssize_t at
    Py_ssize_t stop
    Py_ssize_t nth
    Py_ssize_t count
    Py_ssize_t texts


cdef struct Search:
    # The characters (owned), and where the domain before them ends, or -1.
    PyObject *text
    const void *data
    int kind
    Py_ssize_t length
    Py_ssize_t domain
    PyObject *method
    bint websocket
    # As `Seen` in the pure-Python version; *allowed* is owned.
    PyObject *allowed
    bint crossed
    bint slash
    # The arguments so far, and the texts that are not characters of the path (owned).
    Span *spans
    Py_ssize_t count
    Py_ssize_t spans_capacity
    PyObject *texts
    Step *steps
    Py_ssize_t depth
    Py_ssize_t steps_capacity
    Span first_spans[16]
    Step first_steps[8]


cdef void begin(Search *search, object method, bint websocket) noexcept:
    search.text = NULL
    search.method = <PyObject *>method
    search.websocket = websocket
    search.allowed = NULL
    search.crossed = False
    search.slash = False
    search.texts = NULL
    search.spans = search.first_spans
    search.spans_capacity = 16
    search.steps = search.first_steps
    search.steps_capacity = 8
    search.count = 0
    search.depth = 0


cdef void end(Search *search) noexcept:
    Py_XDECREF(search.text)
    Py_XDECREF(search.allowed)
    Py_XDECREF(search.texts)
    while search.depth:
        search.depth -= 1
        Py_XDECREF(search.steps[search.depth].edges)
    if search.spans is not search.first_spans:
        PyMem_Free(search.spans)
    if search.steps is not search.first_steps:
        PyMem_Free(search.steps)


cdef void *grow(void *now, void *first, size_t size) except NULL:
    """Twice as much memory as the *size* bytes at *now*, which may still be the struct's own array *first*."""
    cdef void *grown
    if now is not first:
        grown = PyMem_Realloc(now, 2 * size)
    else:
        grown = PyMem_Malloc(2 * size)
        if grown is not NULL:
            memcpy(grown, now, size)
    if grown is NULL:
        raise MemoryError
    return grown


cdef inline int push_span(Search *search, Py_ssize_t at, Py_ssize_t stop) except -1:
    if search.count == search.spans_capacity:
        search.spans = <Span *>grow(search.spans, search.first_spans, search.count * sizeof(Span))
        search.spans_capacity *= 2
    search.spans[search.count].at = at
    search.spans[search.count].stop = stop
    search.count += 1
    return 0


cdef int push_text(Search *search, object text) except -1:
    if search.texts is NULL:
        texts = []
        Py_INCREF(texts)
        search.texts = <PyObject *>texts
    (<list>search.texts).append(text)
    return push_span(search, -1, len(<list>search.texts) - 1)


cdef int push_step(
    Search *search, PyObject *state, PyObject *edges, Py_ssize_t at, Py_ssize_t stop, Py_ssize_t nth, Py_ssize_t count,
    Py_ssize_t texts,
) except -1:
    cdef Step *step
    if search.depth == search.steps_capacity:
        search.steps = <Step *>grow(search.steps, search.first_steps, search.depth * sizeof(Step))
        search.steps_capacity *= 2
    step = &search.steps[search.depth]
    # A root owns its states; a list of edges may be one that was made for this step.
    step.state = state
    Py_INCREF(<object>edges)
    step.edges = edges
    step.at = at
    step.stop = stop
    step.nth = nth
    step.count = count
    step.texts = texts
    search.depth += 1
    return 0


cdef inline Py_ssize_t texts_of(Search *search) noexcept:
    return 0 if search.texts is NULL else len(<list>search.texts)
