# cython: boundscheck=False, wraparound=False
"""The compiled twin of ``walk.py``; the tests of routing hold the two together.

It looks at the letters of the path where they are. A variable is a span of them until the rule is found, so a string
is made only for what becomes an argument.
"""

import re

from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.set cimport PySet_New
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from bolthead._core.routing.segment_table cimport BOLTHEAD_READY, SegmentTable, PyUnicode_DATA, PyUnicode_GET_LENGTH, PyUnicode_KIND, PyUnicode_READ, PyUnicode_Substring, Py_UNICODE_ISDECIMAL, segment, stands
from bolthead._core.routing.tree cimport _AS_INT, _AS_IS, _DIGITS, _NUMBER, _PATTERN, _REST, _SIGNED, _WORD, Edge, Leaf, State, Tree

cdef extern from *:
    """
    /* Whether a set has *key*. FAST: static; the first look is at *place*, where the last key was that it had. A set
       may change meanwhile: what holds the very key now, holds it. */
    static inline int bolthead_in_set(PyObject *some, PyObject *key, Py_ssize_t *place)
    {
    #if PY_VERSION_HEX < 0x030F0000 && !defined(Py_GIL_DISABLED)
        PySetObject *set = (PySetObject *)some;
        int found;
        if (!PySet_CheckExact(some))
            return PySequence_Contains(some, key);
        if (*place <= set->mask && set->table[*place].key == key)
            return 1;
        found = PySet_Contains(some, key);
        if (found > 0) {
            Py_ssize_t at = set->mask;
            while (at && set->table[at].key != key)
                at--;
            *place = at;
        }
        return found;
    #else
        return PySequence_Contains(some, key);
    #endif
    }
    """
    bint bolthead_in_set(object some, object key, Py_ssize_t *place) except -1

FOUND = 0
DETOUR = 1
MOVED = 2
MISSED = 3

cdef object _FOUND = FOUND
cdef object _DETOUR = DETOUR
cdef object _SLASHES = re.compile("/{2,}")


cdef bint decimal(int kind, const void *data, Py_ssize_t at, Py_ssize_t stop) noexcept:
    cdef unsigned int letter
    if at >= stop:
        return False
    while at < stop:
        letter = PyUnicode_READ(kind, data, at)
        if (letter < 48 or letter > 57) and (letter < 128 or not Py_UNICODE_ISDECIMAL(letter)):
            return False
        at += 1
    return True


# --- one walk -------------------------------------------------------------------------------------------------


cdef struct Span:
    # An argument's letters; with *at* below 0, number *stop* of the texts.
    Py_ssize_t at
    Py_ssize_t stop


cdef struct Step:
    # A state to come back to, with the edges that were not tried yet (owned) and what the walk had then.
    PyObject *state
    PyObject *edges
    Py_ssize_t at
    Py_ssize_t stop
    Py_ssize_t nth
    Py_ssize_t count
    Py_ssize_t texts


cdef struct Walk:
    # The letters (owned), and where the domain before them ends, or -1.
    PyObject *text
    const void *data
    int kind
    Py_ssize_t length
    Py_ssize_t domain
    PyObject *method
    bint websocket
    # What was learned, as in the other twin; *allowed* is owned.
    PyObject *allowed
    bint crossed
    bint slash
    # The arguments so far, and the texts that are not letters of the path (owned).
    Span *spans
    Py_ssize_t count
    Py_ssize_t spans_room
    PyObject *texts
    Step *steps
    Py_ssize_t depth
    Py_ssize_t steps_room
    Span some_spans[16]
    Step some_steps[8]


cdef void begin(Walk *walk, object method, bint websocket) noexcept:
    walk.text = NULL
    walk.method = <PyObject *>method
    walk.websocket = websocket
    walk.allowed = NULL
    walk.crossed = False
    walk.slash = False
    walk.texts = NULL
    walk.spans = walk.some_spans
    walk.spans_room = 16
    walk.steps = walk.some_steps
    walk.steps_room = 8
    walk.count = 0
    walk.depth = 0


cdef void end(Walk *walk) noexcept:
    Py_XDECREF(walk.text)
    Py_XDECREF(walk.allowed)
    Py_XDECREF(walk.texts)
    while walk.depth:
        walk.depth -= 1
        Py_XDECREF(walk.steps[walk.depth].edges)
    if walk.spans is not walk.some_spans:
        PyMem_Free(walk.spans)
    if walk.steps is not walk.some_steps:
        PyMem_Free(walk.steps)


cdef void *more(void *now, void *first, size_t size) except NULL:
    """Twice as much room as the *size* bytes at *now*, which may still be those that the walk came with."""
    cdef void *room
    if now is not first:
        room = PyMem_Realloc(now, 2 * size)
    else:
        room = PyMem_Malloc(2 * size)
        if room is not NULL:
            memcpy(room, now, size)
    if room is NULL:
        raise MemoryError
    return room


cdef inline int push_span(Walk *walk, Py_ssize_t at, Py_ssize_t stop) except -1:
    if walk.count == walk.spans_room:
        walk.spans = <Span *>more(walk.spans, walk.some_spans, walk.count * sizeof(Span))
        walk.spans_room *= 2
    walk.spans[walk.count].at = at
    walk.spans[walk.count].stop = stop
    walk.count += 1
    return 0


cdef int push_text(Walk *walk, object text) except -1:
    if walk.texts is NULL:
        texts = []
        Py_INCREF(texts)
        walk.texts = <PyObject *>texts
    (<list>walk.texts).append(text)
    return push_span(walk, -1, len(<list>walk.texts) - 1)


cdef int push_step(
    Walk *walk, State state, list edges, Py_ssize_t at, Py_ssize_t stop, Py_ssize_t nth, Py_ssize_t count,
    Py_ssize_t texts,
) except -1:
    cdef Step *step
    if walk.depth == walk.steps_room:
        walk.steps = <Step *>more(walk.steps, walk.some_steps, walk.depth * sizeof(Step))
        walk.steps_room *= 2
    step = &walk.steps[walk.depth]
    # The tree keeps its states; lists of edges are replaced while others walk.
    step.state = <PyObject *>state
    Py_INCREF(edges)
    step.edges = <PyObject *>edges
    step.at = at
    step.stop = stop
    step.nth = nth
    step.count = count
    step.texts = texts
    walk.depth += 1
    return 0


cdef inline Py_ssize_t texts_of(Walk *walk) noexcept:
    return 0 if walk.texts is NULL else len(<list>walk.texts)


cdef inline bint takes(Leaf leaf, object method) except -1:
    return leaf.methods is None or bolthead_in_set(leaf.methods, method, &leaf.place)


cdef Leaf ending(Walk *walk, State state):
    """A rule for a path that ends at *state*; *slash* is set if one waits behind a missing slash."""
    cdef Leaf leaf
    cdef State beyond
    if state.leaves is not None:
        leaf = admit(walk, state.leaves, False)
        if leaf is not None:
            return leaf
    beyond = state.blank
    if beyond is not None and beyond.leaves is not None:
        for leaf in beyond.leaves:
            if leaf.websocket == walk.websocket and takes(leaf, <object>walk.method):
                walk.slash = not leaf.lenient
                return leaf
    return None


cdef Leaf admit(Walk *walk, list leaves, bint lenient):
    """The first of *leaves* for this method and protocol, noting why the others are not."""
    cdef Leaf leaf
    for leaf in leaves:
        if lenient and not leaf.lenient:
            continue
        if not takes(leaf, <object>walk.method):
            if walk.allowed is NULL:
                allowed = PySet_New(leaf.methods)
                Py_INCREF(allowed)
                walk.allowed = <PyObject *>allowed
            else:
                (<set>walk.allowed).update(leaf.methods)
        elif leaf.websocket != walk.websocket:
            walk.crossed = True
        else:
            return leaf
    return None


cdef Leaf run(Walk *walk, State state, Py_ssize_t at):
    """The first rule in the tree's order for the letters from *at* on, beginning at *state*; or None."""
    cdef Py_ssize_t length = walk.length
    cdef Py_ssize_t stop = 0, nth = -1, size, beyond, count, texts
    cdef uint64_t hashed = 0
    cdef list edges = None
    cdef Edge edge
    cdef Leaf leaf
    cdef PyObject *child
    cdef Step *step
    cdef bint last
    while True:
        if at > length:
            leaf = ending(walk, state)
            if leaf is not None:
                return leaf
        else:
            if nth < 0:
                stop = segment(walk.kind, walk.data, at, length, &hashed)
                if at < walk.domain:
                    stop = walk.domain
            last = at == stop == length and state.leaves is not None
            if nth < 0:
                nth = 0
                edges = state.edges
                if edges is not None and state.index is not None:
                    edges = state.index.candidates(PyUnicode_Substring(<object>walk.text, at, stop))
                child = NULL
                if at == stop:
                    if state.blank is not None:
                        child = <PyObject *>state.blank
                elif state.static is not None:
                    child = (<SegmentTable>state.static).find(walk.kind, walk.data, at, stop, hashed)
                if child is not NULL:
                    if edges is not None or last:
                        push_step(walk, state, edges, at, stop, 0, walk.count, texts_of(walk))
                    state = <State>child
                    at = stop + 1
                    nth = -1
                    continue
            if edges is not None:
                size = len(edges)
                count = walk.count
                texts = texts_of(walk)
                beyond = -1
                while nth < size:
                    edge = <Edge>edges[nth]
                    nth += 1
                    beyond = take(walk, edge, at, stop)
                    if beyond >= 0:
                        break
                if beyond >= 0:
                    if nth < size or last:
                        push_step(walk, state, edges, at, stop, nth, count, texts)
                    state = edge.state
                    at = beyond
                    nth = -1
                    continue
            if last:
                leaf = admit(walk, state.leaves, True)
                if leaf is not None:
                    return leaf
        if not walk.depth:
            return None
        walk.depth -= 1
        step = &walk.steps[walk.depth]
        state = <State>step.state
        edges = <list>step.edges
        Py_XDECREF(step.edges)
        at = step.at
        stop = step.stop
        nth = step.nth
        walk.count = step.count
        if texts_of(walk) > step.texts:
            del (<list>walk.texts)[step.texts:]


cdef Py_ssize_t take(Walk *walk, Edge edge, Py_ssize_t at, Py_ssize_t stop) except -2:
    """Follow *edge* with the letters from *at* on: where that leads, or -1. Pushes the argument's letters."""
    cdef int kind = edge.kind
    cdef Py_ssize_t beyond = stop + 1
    cdef Py_ssize_t size
    if kind == _WORD:
        if at == stop:
            return -1
        push_span(walk, at, stop)
        return beyond
    if kind >= _PATTERN:
        return take_pattern(walk, edge, at, stop)
    if kind == _REST:
        stop = walk.length
        beyond = stop + 1
    size = stop - at - edge.affix
    if size < edge.low or size > edge.high >= 0:
        return -1
    if edge.affix:
        if not stands(edge.prefix, walk.kind, walk.data, at):
            return -1
        at += PyUnicode_GET_LENGTH(edge.prefix)
        stop = at + size
        if not stands(edge.suffix, walk.kind, walk.data, stop):
            return -1
    if kind == _NUMBER or kind == _DIGITS:
        if not decimal(walk.kind, walk.data, at, stop):
            return -1
    elif kind == _SIGNED:
        if not decimal(walk.kind, walk.data, at + (PyUnicode_READ(walk.kind, walk.data, at) == 45), stop):
            return -1
    elif kind == _REST:
        if PyUnicode_READ(walk.kind, walk.data, at) == 47 or feeds(walk, at + 1, stop):
            return -1
    push_span(walk, at, stop)
    return beyond


cdef bint feeds(Walk *walk, Py_ssize_t at, Py_ssize_t stop) noexcept:
    """Whether there is a line feed."""
    while at < stop:
        if PyUnicode_READ(walk.kind, walk.data, at) == 10:
            return True
        at += 1
    return False


cdef Py_ssize_t take_pattern(Walk *walk, Edge edge, Py_ssize_t at, Py_ssize_t stop) except -2:
    """The edges that take a regular expression or a `LinearPattern`."""
    if edge.kind != _PATTERN:
        stop = walk.length
    cdef Py_ssize_t beyond = stop + 1
    cdef str target = PyUnicode_Substring(<object>walk.text, at, stop)
    if edge.linear is not None and len(target) >= edge.linear_from:
        texts = edge.linear.match(target)
        if texts is None:
            return -1
        for text in texts:
            push_text(walk, text)
        return beyond - 1 if edge.suffixed and target.endswith("/") else beyond
    found = edge.try_on(target)
    if found is None:
        return -1
    for group in edge.groups:
        push_text(walk, found.group(group))
    # A tail that ends in a slash leaves that slash to the state behind it.
    return beyond - 1 if edge.suffixed and found.group(found.re.groups) == "/" else beyond


cdef object whole(Walk *walk, Py_ssize_t at, Py_ssize_t stop):
    """The number that these letters are, or None where only ``int`` can say."""
    cdef Py_ssize_t nth
    cdef unsigned int letter
    cdef long long value = 0
    if stop - at > 18:
        return None
    for nth in range(at, stop):
        letter = PyUnicode_READ(walk.kind, walk.data, nth)
        if letter < 48 or letter > 57:
            return None
        value = 10 * value + (letter - 48)
    return value


cdef dict arguments_of(Walk *walk, Tree tree, Leaf leaf):
    """The letters as arguments.

    PARITY: None, for a text that a converter refuses, ends the search; no other rule is tried.
    """
    cdef dict result = {}
    cdef bytes kinds = leaf.kinds
    cdef list names = leaf.names
    cdef Py_ssize_t nth
    cdef Span *span
    cdef int kind
    for nth in range(min(len(names), walk.count)):
        span = &walk.spans[nth]
        kind = kinds[nth]
        if kind == _AS_INT and span.at >= 0:
            value = whole(walk, span.at, span.stop)
            if value is not None:
                result[names[nth]] = value
                continue
        if span.at >= 0:
            value = PyUnicode_Substring(<object>walk.text, span.at, span.stop)
        else:
            value = (<list>walk.texts)[span.stop]
        if kind == _AS_INT:
            try:
                value = int(value)
            except ValueError:
                # More digits than Python converts.
                return None
        elif kind != _AS_IS:
            try:
                value = leaf.convert[nth](value)
            except tree.invalid:
                return None
        result[names[nth]] = value
    if leaf.defaults is not None:
        result.update(leaf.defaults)
    return result


cdef Leaf start(Walk *walk, Tree tree, str domain, str path):
    """Walk from the root. The letters are those of *path* alone if no domain has a variable."""
    cdef State state = tree.root
    cdef Py_ssize_t at = 0
    cdef str text = path
    walk.count = 0
    walk.domain = -1
    if state.edges is None:
        if domain:
            state = None if state.static is None else (<SegmentTable>state.static).get(domain)
        else:
            state = state.blank
        if state is None:
            return None
    else:
        text = domain + "/" + path
        walk.domain = len(domain)
    BOLTHEAD_READY(text)
    Py_INCREF(text)
    Py_XDECREF(walk.text)
    walk.text = <PyObject *>text
    walk.kind = PyUnicode_KIND(text)
    walk.data = PyUnicode_DATA(text)
    walk.length = PyUnicode_GET_LENGTH(text)
    return run(walk, state, at)


# --- the doors ------------------------------------------------------------------------------------------------


cpdef Leaf lookup_static(Tree tree, str domain, str path, object method, bint websocket):
    cdef dict table
    cdef State state
    cdef Leaf leaf
    if len(path) <= tree.longest:
        table = tree.exact.get(domain) if domain else tree.home
        if table is not None:
            state = table.get(path)
            if state is not None:
                for leaf in state.leaves:
                    if leaf.websocket == websocket and takes(leaf, method):
                        return leaf
    return None


cpdef tuple lookup_tree(Tree tree, str domain, str path, object method, bint websocket):
    cdef Walk walk
    cdef Leaf leaf
    cdef dict arguments
    cdef str merged
    begin(&walk, method, websocket)
    try:
        leaf = start(&walk, tree, domain, path)
        if leaf is not None:
            if walk.slash:
                return (MOVED, None, path + "/")
            arguments = arguments_of(&walk, tree, leaf)
            if arguments is not None:
                return (_DETOUR if leaf.detour else _FOUND, leaf, arguments)
        elif tree.merge_slashes and "//" in path:
            # Without a double slash a second walk would be the first one over again.
            merged = _SLASHES.sub("/", path)
            leaf = start(&walk, tree, domain, merged)
            if leaf is not None and (walk.slash or leaf.merges):
                return (MOVED, None, merged + "/" if walk.slash else merged)
        return (MISSED, None if walk.allowed is NULL else <object>walk.allowed, walk.crossed)
    finally:
        end(&walk)


cpdef tuple lookup(Tree tree, str domain, str path, object method, bint websocket):
    cdef Leaf leaf = lookup_static(tree, domain, path, method, websocket)
    cdef tuple outcome
    if leaf is not None and not leaf.detour:
        return (_FOUND, leaf.rule, {} if leaf.defaults is None else dict(leaf.defaults))
    outcome = lookup_tree(tree, domain, path, method, websocket)
    if <int>outcome[0] > DETOUR:
        return outcome
    return (outcome[0], (<Leaf>outcome[1]).rule, outcome[2])
