"""Flask-Admin over SQLite, as a Flask user writes it."""

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config.update(SECRET_KEY="not for production", SQLALCHEMY_DATABASE_URI="sqlite:///admin.db")
db = SQLAlchemy(app)


class Post(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(80))


class PostView(ModelView):
    column_searchable_list = ["title"]


admin = Admin(app, name="posts")
admin.add_view(PostView(Post, db))

with app.app_context():
    db.create_all()
