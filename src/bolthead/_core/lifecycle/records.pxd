from bolthead._core.native cimport Watch
from bolthead._core.result cimport Responses
from bolthead._core.sessions cimport CookieSessions
from bolthead._core.tree cimport Tree


cdef class AppRecord:
    cdef public object app
    cdef public object _adapter
    cdef public object _token
    cdef public list _tokens


cdef class RequestRecord:
    cdef public object app
    cdef public object request
    cdef public dict environ
    cdef public object _rule
    cdef public object _values
    cdef public object flashes
    cdef public object _adapter
    cdef public list _after
    cdef public bint _entered
    cdef public object _opened
    cdef public object _pushed
    cdef public object _token
    cdef public list _tokens


cdef class Plan:
    cdef public Watch watch
    cdef public Watch error_watch
    cdef public bint context
    cdef public bint full
    cdef public bint preprocess
    cdef public bint dispatch
    cdef public bint finalize
    cdef public bint making
    cdef public bint process
    cdef public bint brief
    cdef public bint teardown_request
    cdef public bint teardown_app
    cdef public bint sync
    cdef public bint lazy_session
    cdef public bint plain_blueprints
    cdef public bint plain_close
    cdef public bint plain_contexts
    cdef public bint plain_errors
    cdef public bint plain_json
    cdef public bint begun
    cdef public bint plain_method
    cdef public CookieSessions sessions
    cdef public object context_class
    cdef public object app_class
    cdef public object request_class
    cdef public Responses responses
    cdef public object config
    cdef public object json
    cdef public object handlers
    cdef public object views
    cdef public object before
    cdef public object after
    cdef public object preprocessors
    cdef public object teardown
    cdef public object app_teardown
    cdef public object pushed
    cdef public object popped
    cdef public object started
    cdef public object finished
    cdef public object tearing_down
    cdef public object app_tearing_down
    cdef public object map
    cdef public Tree tree
    cdef public str domain
    cdef public set hosts
    cdef public dict ready
    cdef public dict scopes
