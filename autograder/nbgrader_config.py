"""nbgrader under this course's engine. Run nbgrader in this folder, or name this file to it.

    cd autograder && nbgrader generate_assignment 02_kl_weight --create
    cd autograder && nbgrader autograde 02_kl_weight

All of nbgrader works as its users know it; only the step that executes a submission is ours.
"""

from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute

from autograder.engine import ProbeAndJudge
from autograder.topics import ROOT

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "know-what-you-dont-know"
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.source_directory = "build/source"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "class/submitted"
c.CourseDirectory.autograded_directory = "class/autograded"
c.CourseDirectory.feedback_directory = "class/feedback"
c.CourseDirectory.solution_directory = "build/solution"
c.CourseDirectory.db_url = f"sqlite:///{ROOT / 'class' / 'gradebook.db'}"
(ROOT / "class").mkdir(exist_ok=True)

c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
c.OverwriteCells.add_missing_cells = True

c.Autograde.autograde_preprocessors = [
    ProbeAndJudge if step is Execute else step
    for step in Autograde.autograde_preprocessors.default_args[0]
]
