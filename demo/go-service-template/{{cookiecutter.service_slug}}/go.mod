module git.harbourline.example/{{ cookiecutter.team }}/{{ cookiecutter.service_slug }}

go 1.24
