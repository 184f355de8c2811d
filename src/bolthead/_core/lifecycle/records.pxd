cimport cython

from bolthead._core.primitives.class_watch cimport ClassWatch
from bolthead._core.primitives.context_vars cimport Binding
from bolthead._core.primitives.objects cimport Flag, bare
from bolthead._core.request.scope cimport LazyEnviron
from bolthead._core.response.make cimport Responses
from bolthead._core.session.cookie_session cimport CookieSessions
from bolthead._core.routing.tree cimport Tree


cdef object deleted


cdef class AppRecord:
    cdef public object _token
    cdef public list _tokens
    cdef public object app
    cdef public object _adapter
    cdef public object _g
    cdef public object _url_for_guards


cdef class GlobalsRecord(AppRecord):
    pass

cdef object make_g(GlobalsRecord ctx)


cdef class RequestRecord(AppRecord):
    cdef public object _request
    cdef public dict environ
    cdef public object _rule
    cdef public object _values
    cdef public object flashes
    cdef public list _after
    cdef public bint _is_get
    cdef public bint _was_pushed
    cdef public object _session_or_none
    cdef public object _pushed
    cdef public LazyEnviron _lazy


cdef class Plan:
    cdef public ClassWatch watch
    cdef public ClassWatch error_watch
    cdef public ClassWatch websocket_watch
    cdef public bint inline_request_context
    cdef public bint inline_websocket_context
    cdef public bint inline_full_dispatch_request
    cdef public bint inline_preprocess_request
    cdef public bint inline_dispatch_request
    cdef public bint inline_finalize_request
    cdef public bint inline_make_response
    cdef public bint inline_process_response
    cdef public bint may_skip_response
    cdef public bint inline_do_teardown_request
    cdef public bint inline_do_teardown_appcontext
    cdef public bint inline_ensure_sync
    cdef public bint inline_view
    cdef public bint inline_pop
    cdef public bint inline_wsgi_app
    cdef public bint stock_session_interface
    cdef public bint stock_blueprints
    cdef public bint stock_close
    cdef public bint stock_contexts
    cdef public bint stock_error_handling
    cdef public bint stock_json_module
    cdef public Flag got_first_request
    cdef public bint stock_method
    cdef public CookieSessions sessions
    cdef public object context_class
    cdef public object app_class
    cdef public object request_class
    cdef public object websocket_class
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
    cdef public object signals
    cdef public object pushed
    cdef public object popped
    cdef public object started
    cdef public object finished
    cdef public object tearing_down
    cdef public object app_tearing_down
    cdef public object map
    cdef public Tree tree
    cdef public str domain
    cdef public dict checked_hosts
    cdef public dict checked_raw_hosts
    cdef public bytes raw_host
    cdef public Binding pool
    cdef public tuple view_hooks
    cdef public tuple end_hooks
    cdef public dict sync_views
    cdef public dict scopes

cpdef object request_of(RequestRecord ctx)
@cython.locals(plan=Plan)
cpdef object lazy_request(LazyEnviron lazy)
cpdef dict environ_seen(RequestRecord ctx)
