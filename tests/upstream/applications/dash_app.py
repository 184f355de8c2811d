"""A Dash application with a callback; a timer stands for the visitor who clicks."""

from dash import Dash, Input, Output, dcc, html

dash = Dash(__name__)
dash.layout = html.Div(
    [
        dcc.Input(id="name", value="world"),
        dcc.Interval(id="timer", interval=200, max_intervals=3),
        html.Div(id="answer"),
    ]
)


@dash.callback(Output("answer", "children"), Input("name", "value"), Input("timer", "n_intervals"))
def answer(name, ticks):
    return f"hello {name}, {ticks or 0} ticks"


app = dash.server
