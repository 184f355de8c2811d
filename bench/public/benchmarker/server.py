from bolthead import Flask

app = Flask(__name__)


@app.get("/")
def index() -> str:
    return ""


@app.get("/user/<int:id>")
def user(id: int) -> str:
    return str(id)


@app.post("/user")
def create() -> str:
    return ""
