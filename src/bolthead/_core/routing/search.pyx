# cython: boundscheck=False, wraparound=False
"""The compiled version of ``search.py``; the tests of routing compare the two.

It reads the characters of the path in place. A variable is a span of them until the rule is found, so a string is made
only for an argument. States, edges and leaves are borrowed from the root, which `lookup_tree` holds and which does not
change, see ``tree.py``: without the GIL, threads that count references to the same object wait for each other.
"""

import re

from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.set cimport PySet_New
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from bolthead._core.primitives.objects cimport own_item
from bolthead._core.routing.segment_table cimport (
    BOLTHEAD_READY, SegmentTable, PyBytes_AS_STRING, PyList_GET_ITEM, PyList_GET_SIZE, PyUnicode_DATA,
    PyUnicode_GET_LENGTH, PyUnicode_KIND, PyUnicode_READ, PyUnicode_Substring, Py_UNICODE_ISDECIMAL, segment,
    equals_at,
)
from bolthead._core.routing.tree cimport (
    _AS_INT, _AS_IS, _DIGITS, _NUMBER, _PATTERN, _REST, _SIGNED, _WORD, Edge, Leaf, State, Tree,
)

FOUND = 0
DETOUR = 1
MOVED = 2
MISSED = 3

cdef object _FOUND = FOUND
cdef object _DETOUR = DETOUR


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


include "search_state.pxi"


cdef inline bint takes(PyObject *leaf, PyObject *method) except -1:
    return (<Leaf>leaf).methods is None or <object>method in (<Leaf>leaf).methods


cdef PyObject *leaf_for(PyObject *leaves, PyObject *method, bint websocket) except? NULL:
    """The first of *leaves* for this method and protocol; or NULL."""
    cdef Py_ssize_t nth
    cdef PyObject *leaf
    for nth in range(PyList_GET_SIZE(leaves)):
        leaf = PyList_GET_ITEM(leaves, nth)
        if (<Leaf>leaf).websocket == websocket and takes(leaf, method):
            return leaf
    return NULL


cdef PyObject *leaf_at_end(Search *search, PyObject *state) except? NULL:
    """A rule for a path that ends at *state*; *slash* is set if it takes a slash that the path has not."""
    cdef PyObject *leaf
    cdef PyObject *beyond
    if (<State>state).leaves is not None:
        leaf = admit(search, <PyObject *>(<State>state).leaves, False)
        if leaf is not NULL:
            return leaf
    beyond = <PyObject *>(<State>state).blank
    if beyond is not <PyObject *>None and (<State>beyond).leaves is not None:
        leaf = leaf_for(<PyObject *>(<State>beyond).leaves, search.method, search.websocket)
        if leaf is not NULL:
            search.slash = not (<Leaf>leaf).lenient
            return leaf
    return NULL


cdef PyObject *admit(Search *search, PyObject *leaves, bint lenient) except? NULL:
    """The first of *leaves* for this method and protocol; notes why the others were refused."""
    cdef Py_ssize_t nth
    cdef PyObject *leaf
    for nth in range(PyList_GET_SIZE(leaves)):
        leaf = PyList_GET_ITEM(leaves, nth)
        if lenient and not (<Leaf>leaf).lenient:
            continue
        if not takes(leaf, search.method):
            if search.allowed is NULL:
                allowed = PySet_New((<Leaf>leaf).methods)
                Py_INCREF(allowed)
                search.allowed = <PyObject *>allowed
            else:
                (<set>search.allowed).update((<Leaf>leaf).methods)
        elif (<Leaf>leaf).websocket != search.websocket:
            search.crossed = True
        else:
            return leaf
    return NULL


cdef PyObject *run(Search *search, PyObject *state, Py_ssize_t at) except? NULL:
    """The first rule in the tree's order for the characters from *at* on, beginning at *state*; or NULL."""
    cdef Py_ssize_t length = search.length
    cdef Py_ssize_t stop = 0, nth = -1, size, beyond, count, texts
    cdef uint64_t hashed = 0
    cdef PyObject *nothing = <PyObject *>None
    cdef PyObject *edges = nothing
    cdef PyObject *edge
    cdef PyObject *leaf
    cdef PyObject *child
    cdef list own_edges
    cdef Step *step
    cdef bint last
    while True:
        if at > length:
            leaf = leaf_at_end(search, state)
            if leaf is not NULL:
                return leaf
        else:
            if nth < 0:
                stop = segment(search.kind, search.data, at, length, &hashed)
                if at < search.domain:
                    stop = search.domain
            last = at == stop == length and (<State>state).leaves is not None
            if nth < 0:
                nth = 0
                edges = <PyObject *>(<State>state).edges
                if edges is not nothing and (<State>state).index is not None:
                    own_edges = (<State>state).index.candidates(PyUnicode_Substring(<object>search.text, at, stop))
                    edges = <PyObject *>own_edges
                child = NULL
                if at == stop:
                    if (<State>state).blank is not None:
                        child = <PyObject *>(<State>state).blank
                elif (<State>state).static is not None:
                    child = (<SegmentTable>(<State>state).static).find(search.kind, search.data, at, stop, hashed)
                if child is not NULL:
                    if edges is not nothing or last:
                        push_step(search, state, edges, at, stop, 0, search.count, texts_of(search))
                    state = child
                    at = stop + 1
                    nth = -1
                    continue
            if edges is not nothing:
                size = PyList_GET_SIZE(edges)
                count = search.count
                texts = texts_of(search)
                beyond = -1
                while nth < size:
                    edge = PyList_GET_ITEM(edges, nth)
                    nth += 1
                    beyond = take(search, edge, at, stop)
                    if beyond >= 0:
                        break
                if beyond >= 0:
                    if nth < size or last:
                        push_step(search, state, edges, at, stop, nth, count, texts)
                    state = <PyObject *>(<Edge>edge).state
                    at = beyond
                    nth = -1
                    continue
            if last:
                leaf = admit(search, <PyObject *>(<State>state).leaves, True)
                if leaf is not NULL:
                    return leaf
        if not search.depth:
            return NULL
        search.depth -= 1
        step = &search.steps[search.depth]
        state = step.state
        edges = step.edges
        own_edges = <list>edges
        Py_XDECREF(edges)
        at = step.at
        stop = step.stop
        nth = step.nth
        search.count = step.count
        if texts_of(search) > step.texts:
            del (<list>search.texts)[step.texts:]


cdef Py_ssize_t take(Search *search, PyObject *edge, Py_ssize_t at, Py_ssize_t stop) except -2:
    """Follow *edge* with the characters from *at* on. Returns where the next segment begins, or -1; adds the spans."""
    cdef int kind = (<Edge>edge).kind
    cdef Py_ssize_t beyond = stop + 1
    cdef Py_ssize_t size
    if kind == _WORD:
        if at == stop:
            return -1
        push_span(search, at, stop)
        return beyond
    if kind >= _PATTERN:
        return take_pattern(search, edge, at, stop)
    if kind == _REST:
        stop = search.length
        beyond = stop + 1
    size = stop - at - (<Edge>edge).affix
    if size < (<Edge>edge).low or size > (<Edge>edge).high >= 0:
        return -1
    if (<Edge>edge).affix:
        if not equals_at((<Edge>edge).prefix, search.kind, search.data, at):
            return -1
        at += PyUnicode_GET_LENGTH((<Edge>edge).prefix)
        stop = at + size
        if not equals_at((<Edge>edge).suffix, search.kind, search.data, stop):
            return -1
    if kind == _NUMBER or kind == _DIGITS:
        if not decimal(search.kind, search.data, at, stop):
            return -1
    elif kind == _SIGNED:
        if not decimal(search.kind, search.data, at + (PyUnicode_READ(search.kind, search.data, at) == 45), stop):
            return -1
    elif kind == _REST:
        if PyUnicode_READ(search.kind, search.data, at) == 47 or has_line_feed(search, at + 1, stop):
            return -1
    push_span(search, at, stop)
    return beyond


cdef bint has_line_feed(Search *search, Py_ssize_t at, Py_ssize_t stop) noexcept:
    """Whether a character from *at* to *stop* is a line feed."""
    while at < stop:
        if PyUnicode_READ(search.kind, search.data, at) == 10:
            return True
        at += 1
    return False


cdef Py_ssize_t take_pattern(Search *search, PyObject *edge, Py_ssize_t at, Py_ssize_t stop) except -2:
    """The edges that take a regular expression or a `LinearPattern`."""
    if (<Edge>edge).kind != _PATTERN:
        stop = search.length
    cdef Py_ssize_t beyond = stop + 1
    cdef str target = PyUnicode_Substring(<object>search.text, at, stop)
    if (<Edge>edge).linear is not None and len(target) >= (<Edge>edge).linear_from:
        texts = (<Edge>edge).linear.match(target)
        if texts is None:
            return -1
        for text in texts:
            push_text(search, text)
        return beyond - 1 if (<Edge>edge).suffixed and target.endswith("/") else beyond
    found = (<Edge>edge).try_on(target)
    if found is None:
        return -1
    for group in (<Edge>edge).groups:
        push_text(search, found.group(group))
    # A tail that ends in a slash leaves that slash to the state behind it.
    return beyond - 1 if (<Edge>edge).suffixed and found.group(found.re.groups) == "/" else beyond


cdef object parse_digits(Search *search, Py_ssize_t at, Py_ssize_t stop):
    """The number that these characters are, or None where `int` has to convert them."""
    cdef Py_ssize_t nth
    cdef unsigned int letter
    cdef long long value = 0
    if stop - at > 18:
        return None
    for nth in range(at, stop):
        letter = PyUnicode_READ(search.kind, search.data, nth)
        if letter < 48 or letter > 57:
            return None
        value = 10 * value + (letter - 48)
    return value


cdef dict arguments_of(Search *search, Tree tree, PyObject *leaf):
    """The characters as arguments.

    PARITY: None, for a text that a converter refuses, ends the search; no other rule is tried.
    """
    cdef dict result = {}
    cdef const unsigned char *kinds = <const unsigned char *>PyBytes_AS_STRING(<PyObject *>(<Leaf>leaf).kinds)
    cdef PyObject *names = <PyObject *>(<Leaf>leaf).names
    cdef Py_ssize_t nth
    cdef Span *span
    cdef int kind
    for nth in range(min(PyList_GET_SIZE(names), search.count)):
        name = <object>PyList_GET_ITEM(names, nth)
        span = &search.spans[nth]
        kind = kinds[nth]
        if kind == _AS_INT and span.at >= 0:
            value = parse_digits(search, span.at, span.stop)
            if value is not None:
                result[name] = value
                continue
        if span.at >= 0:
            value = PyUnicode_Substring(<object>search.text, span.at, span.stop)
        else:
            value = (<list>search.texts)[span.stop]
        if kind == _AS_INT:
            try:
                value = int(value)
            except ValueError:
                # More digits than Python converts.
                return None
        elif kind != _AS_IS:
            try:
                value = (<Leaf>leaf).convert[nth](value)
            except tree.invalid:
                return None
        result[name] = value
    if (<Leaf>leaf).defaults is not None:
        result.update((<Leaf>leaf).defaults)
    return result


cdef PyObject *start(Search *search, PyObject *root, str domain, str path) except? NULL:
    """Search from the root. The characters are those of *path* alone if no domain has a variable."""
    cdef PyObject *state = root
    cdef str text = path
    search.count = 0
    search.domain = -1
    if (<State>state).edges is None:
        if not domain:
            state = <PyObject *>(<State>state).blank
        elif (<State>state).static is None:
            return NULL
        else:
            state = (<SegmentTable>(<State>state).static).child(domain)
        if state is NULL or state is <PyObject *>None:
            return NULL
    else:
        text = domain + "/" + path
        search.domain = len(domain)
    BOLTHEAD_READY(text)
    Py_INCREF(text)
    Py_XDECREF(search.text)
    search.text = <PyObject *>text
    search.kind = PyUnicode_KIND(text)
    search.data = PyUnicode_DATA(text)
    search.length = PyUnicode_GET_LENGTH(text)
    return run(search, state, 0)


# --- public functions -----------------------------------------------------------------------------------------


cpdef Leaf lookup_static(Tree tree, str domain, str path, object method, bint websocket):
    cdef PyObject *table
    cdef PyObject *leaf
    cdef dict own_table
    if len(path) <= tree.longest:
        table = <PyObject *>tree.home
        if domain:
            own_table = tree.exact.get(domain)
            table = <PyObject *>own_table
        if table is not <PyObject *>None:
            leaves = own_item(<object>table, path)
            if leaves is not None:
                leaf = leaf_for(<PyObject *>leaves, <PyObject *>method, websocket)
                if leaf is not NULL:
                    return <Leaf>leaf
    return None


cpdef tuple lookup_tree(Tree tree, str domain, str path, object method, bint websocket):
    cdef Search search
    cdef State root = <State>tree.roots[0]
    cdef PyObject *leaf
    cdef dict arguments
    cdef str merged
    begin(&search, method, websocket)
    try:
        leaf = start(&search, <PyObject *>root, domain, path)
        if leaf is not NULL:
            if search.slash:
                return (MOVED, None, path + "/")
            arguments = arguments_of(&search, tree, leaf)
            if arguments is not None:
                return (_DETOUR if (<Leaf>leaf).detour else _FOUND, <Leaf>leaf, arguments)
        elif tree.merge_slashes and "//" in path:
            # Without a double slash a second search would repeat the first.
            merged = re.sub("/{2,}", "/", path)
            leaf = start(&search, <PyObject *>root, domain, merged)
            if leaf is not NULL and (search.slash or (<Leaf>leaf).merges):
                return (MOVED, None, merged + "/" if search.slash else merged)
        return (MISSED, None if search.allowed is NULL else <object>search.allowed, search.crossed)
    finally:
        end(&search)
