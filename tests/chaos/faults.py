"""Every fault that a release survives, and the tests that inject it.

`python -m tests.chaos` runs them all; docs/reliability.md shows the table, and a test compares.
"""

FAULTS: dict[str, tuple[str, ...]] = {
    "429": (
        "tests/bot/test_delivery.py::test_told_to_wait_it_waits_and_sends_once",
        "tests/bot/test_delivery.py::test_a_chat_that_must_wait_delays_no_other",
    ),
    "5xx and resets": (
        "tests/bot/test_delivery.py::test_a_server_error_or_a_broken_line_is_tried_again",
        "tests/bot/test_polling.py::test_trouble_with_telegram_is_waited_out",
    ),
    "timeout after accept": ("tests/bot/test_troubles.py::test_a_call_that_hangs_is_made_again",),
    "duplicate and swapped updates": (
        "tests/bot/test_polling.py::test_updates_that_come_twice_are_handled_once",
        "tests/bot/test_dispatch.py::test_an_update_that_comes_three_times_is_handled_once",
        "tests/bot/test_dispatch.py::test_two_replicas_keep_each_chats_order_and_do_each_update_once",
    ),
    "update_id going back": (
        "tests/bot/test_polling.py::test_after_a_quiet_week_numbers_may_begin_anew",
    ),
    "group → supergroup": (
        "tests/bot/test_delivery.py::test_a_migrated_group_is_followed_with_all_that_names_it",
        "tests/acceptance/test_groups.py::test_a_group_that_becomes_a_supergroup_goes_on_in_the_new_chat",
    ),
    "user blocked the bot": (
        "tests/bot/test_delivery.py::test_who_has_blocked_the_bot_is_unreachable_and_the_next_is_told",
    ),
    "bot kicked": (
        "tests/bot/test_delivery.py::test_a_group_that_put_the_bot_out_is_told_to_who_must_know",
    ),
    "entities Telegram can't parse": (
        "tests/bot/test_delivery.py::test_what_telegram_cannot_read_as_html_goes_out_as_plain_text",
    ),
    "text over 4,096": (
        "tests/bot/test_delivery.py::test_a_long_text_is_split_between_lines",
        "tests/acceptance/test_bad_input.py::test_four_thousand_characters_are_one_case_and_cards_that_fit",
    ),
    "database restart and hang": (
        "tests/chaos/test_faults.py::test_a_server_that_crashes_or_hangs_costs_nothing",
        "tests/chaos/test_faults.py::test_a_lock_that_another_process_holds_is_waited_out",
        "tests/models/test_postgres.py::test_a_server_that_hangs_is_told_as_unavailable_while_the_loop_runs_on",
        "tests/models/test_postgres.py::test_a_commit_that_nobody_knows_of_is_not_repeated_but_told",
    ),
    "disk full": (
        "tests/chaos/test_faults.py::test_a_disk_that_was_full_costs_nothing_once_there_is_room",
        "tests/bot/test_webhook.py::test_below_the_floor_of_free_space_nothing_new_is_accepted",
        "tests/bot/test_polling.py::test_below_the_floor_of_free_space_nothing_is_asked_for",
    ),
    "kill -9 at any point": ("tests/chaos/test_kill.py", "tests/chaos/test_simulator.py"),
    "power loss": ("tests/chaos/test_power.py",),
    "clock jumps": (
        "tests/scheduler/test_look.py::test_a_clock_set_back_does_not_stop_the_looking",
        "tests/scheduler/test_look.py::test_after_a_long_sleep_all_that_is_overdue_is_fired_at_once",
        "tests/models/test_halts.py::test_a_halt_noted_by_a_clock_that_was_set_back_holds_nobody",
        "tests/handlers/test_attack_ends.py::test_a_clock_that_jumps_back_gives_no_number_twice_and_fires_nothing",
    ),
    "DST and time zones": (
        "tests/domain/test_worktime.py::test_a_night_shift_of_clock_change_has_its_real_length",
        "tests/domain/test_worktime.py::test_a_time_of_day_that_the_clocks_leave_out_moves_on",
        "tests/handlers/test_attack_ends.py::test_a_number_counts_in_the_month_of_the_place_not_of_the_server",
    ),
    "poison and hanging updates": (
        "tests/bot/test_dispatch.py::test_what_fails_three_times_is_kept_and_the_sender_gets_one_apology",
        "tests/bot/test_troubles.py::test_a_handler_that_never_ends_is_ended_and_the_others_go_on",
    ),
    "a flood from one user": (
        "tests/chaos/test_faults.py::test_a_flood_by_one_user_delays_no_other_by_more_than_five_seconds",
        "tests/bot/test_dispatch.py::test_a_flood_in_one_chat_delays_no_other",
    ),
    "photos of 10 MB": ("tests/chaos/test_faults.py::test_a_photo_of_ten_megabytes_is_kept_small",),
    "files over 20 MB": (
        "tests/bot/test_files.py::test_a_picture_over_20_megabytes_is_refused_unopened",
    ),
    "albums": (
        "tests/acceptance/test_reporting.py::test_an_album_is_one_case_with_all_of_its_pictures",
    ),
    "malformed JSON, wrong secret": (
        "tests/bot/test_webhook.py::test_what_is_no_update_is_refused",
        "tests/bot/test_webhook.py::test_a_wrong_secret_is_refused_before_anything_is_read",
        "tests/bot/test_webhook_attack.py::test_a_body_that_breaks_off_or_says_another_length_is_refused",
    ),
    "30 MB bodies on the webhook": (
        "tests/chaos/test_faults.py::test_a_body_of_30_megabytes_is_refused_and_the_next_update_taken",
    ),
    "SQL, HTML, CSV, bidi and combining marks": (
        "tests/chaos/test_faults.py::test_hostile_words_are_kept_and_shown_letter_for_letter",
        "tests/acceptance/test_bad_input.py::test_hostile_markup_is_shown_as_it_was_written",
    ),
    "forged, stale and double presses": (
        "tests/handlers/test_attack_hands.py::test_a_forged_argument_is_refused_in_one_sentence",
        "tests/handlers/test_attack_races.py::test_one_of_two_takes_has_it_and_the_other_reads_who",
    ),
    "the bot added to a strange group": (
        "tests/acceptance/test_groups.py::test_a_strange_group_is_told_once_and_left_after_ten_minutes",
    ),
    "a group of 100,000": (
        "tests/chaos/test_faults.py::test_a_group_of_100_000_is_answered_like_any_other",
    ),
    "a second poller on the token (409)": (
        "tests/bot/test_polling.py::test_another_program_on_the_same_token_is_named_with_the_cure",
    ),
}
# the suite runs these on its own, with many more kills, seeds and cuts
APART = ("tests/chaos/test_kill.py", "tests/chaos/test_simulator.py", "tests/chaos/test_power.py")


def to_run() -> list[str]:
    """Every test of the table once, but for what is run apart."""
    named = dict.fromkeys(each for tests in FAULTS.values() for each in tests)
    return [each for each in named if each not in APART]
