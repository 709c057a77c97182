"""From which probability on words are filed unasked, and a kind is told as known."""

from domain.policy import Policy


def test_a_group_without_its_own_thresholds_has_the_deployments():
    policy = Policy(report_from=0.4, kind_from=0.7)
    assert (policy.reports_from("-1001"), policy.kinds_from(None)) == (0.4, 0.7)


def test_a_group_may_have_thresholds_of_its_own():
    policy = Policy(report_from_in=("-1001=0.8",), kind_from_in=("-1002=0.9", "-1001=0.5"))
    assert (policy.reports_from("-1001"), policy.kinds_from("-1001")) == (0.8, 0.5)
    assert policy.reports_from("-1002") == policy.report_from
