"""The routes of GitHub's REST API, version 3, in the form that router benchmarks have used for a decade."""

from __future__ import annotations

_USER = """
GET /authorizations
GET /authorizations/:id
POST /authorizations
PUT /authorizations/clients/:client_id
PATCH /authorizations/:id
DELETE /authorizations/:id
GET /applications/:client_id/tokens/:access_token
DELETE /applications/:client_id/tokens
DELETE /applications/:client_id/tokens/:access_token
GET /events
GET /networks/:owner/:repo/events
GET /orgs/:org/events
GET /users/:user/received_events
GET /users/:user/received_events/public
GET /users/:user/events
GET /users/:user/events/public
GET /users/:user/events/orgs/:org
GET /feeds
GET /notifications
PUT /notifications
GET /notifications/threads/:id
PATCH /notifications/threads/:id
GET /notifications/threads/:id/subscription
PUT /notifications/threads/:id/subscription
DELETE /notifications/threads/:id/subscription
GET /users/:user/starred
GET /user/starred
GET /user/starred/:owner/:repo
PUT /user/starred/:owner/:repo
DELETE /user/starred/:owner/:repo
GET /users/:user/subscriptions
GET /user/subscriptions
GET /user/subscriptions/:owner/:repo
PUT /user/subscriptions/:owner/:repo
DELETE /user/subscriptions/:owner/:repo
GET /users/:user/gists
GET /gists
GET /gists/public
GET /gists/starred
GET /gists/:id
POST /gists
PATCH /gists/:id
PUT /gists/:id/star
DELETE /gists/:id/star
GET /gists/:id/star
POST /gists/:id/forks
DELETE /gists/:id
GET /issues
GET /user/issues
GET /orgs/:org/issues
GET /emojis
GET /gitignore/templates
GET /gitignore/templates/:name
POST /markdown
POST /markdown/raw
GET /meta
GET /rate_limit
GET /users/:user/orgs
GET /user/orgs
GET /orgs/:org
PATCH /orgs/:org
GET /orgs/:org/members
GET /orgs/:org/members/:user
DELETE /orgs/:org/members/:user
GET /orgs/:org/public_members
GET /orgs/:org/public_members/:user
PUT /orgs/:org/public_members/:user
DELETE /orgs/:org/public_members/:user
GET /orgs/:org/teams
GET /teams/:id
POST /orgs/:org/teams
PATCH /teams/:id
DELETE /teams/:id
GET /teams/:id/members
GET /teams/:id/members/:user
PUT /teams/:id/members/:user
DELETE /teams/:id/members/:user
GET /teams/:id/repos
GET /teams/:id/repos/:owner/:repo
PUT /teams/:id/repos/:owner/:repo
DELETE /teams/:id/repos/:owner/:repo
GET /user/teams
GET /user/repos
GET /users/:user/repos
GET /orgs/:org/repos
GET /repositories
POST /user/repos
POST /orgs/:org/repos
GET /search/repositories
GET /search/code
GET /search/issues
GET /search/users
GET /legacy/issues/search/:owner/:repository/:state/:keyword
GET /legacy/repos/search/:keyword
GET /legacy/user/search/:keyword
GET /legacy/user/email/:email
GET /users/:user
GET /user
PATCH /user
GET /users
GET /user/emails
POST /user/emails
DELETE /user/emails
GET /users/:user/followers
GET /user/followers
GET /users/:user/following
GET /user/following
GET /user/following/:user
GET /users/:user/following/:target_user
PUT /user/following/:user
DELETE /user/following/:user
GET /users/:user/keys
GET /user/keys
GET /user/keys/:id
POST /user/keys
PATCH /user/keys/:id
DELETE /user/keys/:id
"""

_REPO = """
GET events
GET notifications
PUT notifications
GET stargazers
GET subscribers
GET subscription
PUT subscription
DELETE subscription
GET git/blobs/:sha
POST git/blobs
GET git/commits/:sha
POST git/commits
GET git/refs
POST git/refs
GET git/refs/*ref
PATCH git/refs/*ref
DELETE git/refs/*ref
GET git/tags/:sha
POST git/tags
GET git/trees/:sha
POST git/trees
GET issues
GET issues/:number
POST issues
PATCH issues/:number
GET assignees
GET assignees/:assignee
GET issues/:number/comments
GET issues/comments
GET issues/comments/:id
POST issues/:number/comments
PATCH issues/comments/:id
DELETE issues/comments/:id
GET issues/:number/events
GET issues/events
GET issues/events/:id
GET labels
GET labels/:name
POST labels
PATCH labels/:name
DELETE labels/:name
GET issues/:number/labels
POST issues/:number/labels
DELETE issues/:number/labels/:name
PUT issues/:number/labels
DELETE issues/:number/labels
GET milestones/:number/labels
GET milestones
GET milestones/:number
POST milestones
PATCH milestones/:number
DELETE milestones/:number
GET pulls
GET pulls/:number
POST pulls
PATCH pulls/:number
GET pulls/:number/commits
GET pulls/:number/files
GET pulls/:number/merge
PUT pulls/:number/merge
GET pulls/:number/comments
GET pulls/comments
GET pulls/comments/:number
PUT pulls/:number/comments
PATCH pulls/comments/:number
DELETE pulls/comments/:number
GET contributors
GET languages
GET teams
GET tags
GET branches
GET branches/:branch
GET collaborators
GET collaborators/:user
PUT collaborators/:user
DELETE collaborators/:user
GET comments
GET commits/:sha/comments
POST commits/:sha/comments
GET comments/:id
PATCH comments/:id
DELETE comments/:id
GET commits
GET commits/:sha
GET readme
GET contents/*path
PUT contents/*path
DELETE contents/*path
GET :archive_format/:ref
GET keys
GET keys/:id
POST keys
PATCH keys/:id
DELETE keys/:id
GET downloads
GET downloads/:id
DELETE downloads/:id
GET forks
POST forks
GET hooks
GET hooks/:id
POST hooks
PATCH hooks/:id
POST hooks/:id/tests
DELETE hooks/:id
POST merges
GET releases
GET releases/:id
POST releases
PATCH releases/:id
DELETE releases/:id
GET releases/:id/assets
GET stats/contributors
GET stats/commit_activity
GET stats/code_frequency
GET stats/participation
GET stats/punch_card
GET statuses/:ref
POST statuses/:ref
"""

_WHOLE = "GET PATCH DELETE"
_NUMBERS = ("id", "number")


def _rule(path: str) -> str:
    fields = []
    for field in path.split("/"):
        if field.startswith("*"):
            field = f"<path:{field[1:]}>"
        elif field.startswith(":"):
            field = f"<int:{field[1:]}>" if field[1:] in _NUMBERS else f"<{field[1:]}>"
        fields.append(field)
    return "/".join(fields)


def routes() -> list[tuple[str, str]]:
    """Every route as ``(method, rule)``."""
    found = [tuple(line.split()) for line in _USER.split("\n") if line]
    found += [(method, "/repos/:owner/:repo") for method in _WHOLE.split()]
    for line in filter(None, _REPO.split("\n")):
        method, tail = line.split()
        found.append((method, f"/repos/:owner/:repo/{tail}"))
    return [(method, _rule(path)) for method, path in found]
