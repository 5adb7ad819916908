from berth_planner.plans import Call, Plan, Plans


def test_revisions_count_from_one():
    plans = Plans()
    assert plans.current() is None
    assert plans.keep(Plan.of([])).revision == 1
    assert plans.get(1) is plans.current()
    assert plans.get(0) is None


def test_an_objection_names_ship_and_berth():
    plans = Plans()
    plans.keep(Plan.of([Call("9321483", "A1", 30)]))
    plans.object(1, "9321483", "too windy")
    assert plans.objections() == {("9321483", "A1"): "too windy"}
