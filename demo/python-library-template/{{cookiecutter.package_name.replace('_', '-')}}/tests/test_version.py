import {{ cookiecutter.package_name }}


def test_it_has_a_version() -> None:
    assert {{ cookiecutter.package_name }}.__version__
