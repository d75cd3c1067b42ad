import Protocol
import Testing

@testable import Cockpit
@testable import Store

/// Each key on each screen does what the help says: keys in, the state and the effects out.
@Suite struct KeyStoryTests {
    typealias Story = (keys: String, look: String, effects: [String])

    private func check(_ story: Story, from start: AppState) {
        var state = start
        let effects = Look.press(story.keys, on: &state)
        #expect(Look.of(state) == story.look, "\(story.keys)")
        #expect(effects == story.effects, "\(story.keys)")
    }

    // MARK: The list of trials

    @Test(
        arguments: [
            ("enter", "trials>dashboard timeline", []), ("j enter q", "trials", []),
            ("n", "trials>launch trial", ["load experiments"]), ("N esc", "trials", ["load experiments"]),
            ("r", "trials>dashboard timeline plays from 0s x1", []),
            ("s", "trials [Stop grpo-arith/first?]", []),
            ("s y", "trials \"asked grpo-arith/first to stop…\"", ["stop grpo-arith/first"]),
            ("s n", "trials \"nothing was done\"", []),
            ("R", "trials \"it is running; stop it first\"", []),
            (
                "j j j R y", "trials \"starting grpo-arith/lr-high…\"",
                [
                    "launch grpo-arith -f lr-high --recover-mode resume"
                ]
            ),
            ("y", "trials", ["copy grpo-arith/first"]), ("j y", "trials", ["copy sft/mine"]),
            ("G y", "trials", ["copy grpo-arith/lr-high"]), ("end g y", "trials", ["copy grpo-arith/first"]),
            ("PgDn y", "trials", ["copy grpo-arith/lr-high"]), ("G ctrl-u y", "trials", ["copy grpo-arith/first"]),
            ("? esc", "trials", []), ("F1", "trials [help ]", []), ("? q", "trials", []), ("? ?", "trials", []),
            (":", "trials [palette ]", []), ("ctrl-p esc", "trials", []), (": backspace", "trials", []),
            ("/ l r", "trials /trials:lr", []), ("/ l r enter", "trials", []), ("/ l r esc", "trials", []),
            ("t", "trials \"theme default-light\"", []), ("T", "trials [theme 0]", []),
            ("e", "trials", ["export trials"]), ("p", "trials frozen", []), ("p p", "trials", []),
            ("ctrl-l", "trials", ["repaint"]), ("ctrl-z", "trials", ["suspend"]),
            ("m", "trials \"mouse off: select text with the terminal\"", ["mouse off"]),
            ("m m", "trials \"mouse on\"", ["mouse off", "mouse on"]),
            ("2", "trials \"no trial is open; enter opens the selected one\"", []),
            ("1", "trials", []), ("x", "trials", []), ("K", "trials", []), ("tab", "trials", []),
            (
                "q", "trials",
                [
                    "quit: grpo-arith/first: 3 workers keep running; return with: cockpit attach -e grpo-arith -f first"
                ]
            ),
        ] as [Story])
    func `on the trials list`(story: Story) throws { check(story, from: try StateFixtures.home()) }

    @Test(
        arguments: [
            ("enter", "trials \"there is no trial yet; N launches one\"", []),
            ("r", "trials \"there is no trial to replay\"", []), ("s", "trials \"there is no trial to stop\"", []),
            ("R", "trials \"there is no trial to relaunch\"", []), ("y", "trials", []), ("j k g G", "trials", []),
            ("o", "trials", []), ("N", "trials>launch trial", ["load experiments"]), ("q", "trials", ["quit"]),
        ] as [Story])
    func `on the trials list without a trial`(story: Story) { check(story, from: StateFixtures.empty()) }

    // MARK: A run

    @Test(
        arguments: [
            ("tab", "trials>dashboard buffer", []), ("tab shift-tab shift-tab", "trials>dashboard log", []),
            ("z", "trials>dashboard timeline full", []), ("z z", "trials>dashboard timeline", []),
            ("z esc", "trials>dashboard timeline", []), ("z q", "trials>dashboard timeline", []),
            ("q", "trials", []), ("1", "trials", []), ("1 2", "trials>dashboard timeline", []),
            ("3", "trials>dashboard>timeline timeline", []), ("3 3", "trials>dashboard>timeline timeline", []),
            ("3 2", "trials>dashboard timeline", []), ("3 z", "trials>dashboard timeline", []),
            ("8 3 esc", "trials>dashboard log full", []), ("8 3 h esc", "trials>dashboard>timeline log full", []),
            ("3 4", "trials>dashboard buffer full", []), ("5", "trials>dashboard devices full", []),
            ("6", "trials>dashboard charts full", []), ("7", "trials>dashboard workers full", []),
            ("8", "trials>dashboard log full", []),
            ("8 7", "trials>dashboard workers full", []), ("8 8", "trials>dashboard log", []),
            ("8 2", "trials>dashboard log", []),
            ("s", "trials>dashboard timeline [Stop grpo-arith/first?]", []),
            ("P y", "trials>dashboard timeline \"asked grpo-arith/first to pause…\"", ["pause grpo-arith/first"]),
            (
                "ctrl-s", "trials>dashboard timeline \"asked grpo-arith/first to save a checkpoint…\"",
                [
                    "save_now grpo-arith/first"
                ]
            ),
            (
                "ctrl-e", "trials>dashboard timeline \"asked grpo-arith/first to evaluate…\"",
                [
                    "evaluate_now grpo-arith/first"
                ]
            ),
            ("r", "trials>dashboard timeline plays from 0s x1", []),
            ("[", "trials>dashboard timeline", ["seek step backward from 600s"]),
            ("]", "trials>dashboard timeline", ["seek step forward from 600s"]),
            ("E", "trials>dashboard timeline", []),
            (
                "/", "trials>dashboard timeline \"nothing to filter here; tab to: charts, workers, log\"",
                []
            ),
            ("8 /", "trials>dashboard log full /log:", []),
            ("tab tab tab 3 /", "trials>dashboard>timeline charts \"nothing to filter on this screen\"", []),
            ("K", "trials>dashboard timeline", []),
            ("7 K", "trials>dashboard workers full [Kill master_worker/0 (pid 4101)?]", []),
            (
                "7 K y", "trials>dashboard workers full \"asked grpo-arith/first to kill a worker…\"",
                [
                    "kill_worker grpo-arith/first master_worker/0"
                ]
            ),
            ("7 j enter", "trials>dashboard log full", []),
            ("e", "trials>dashboard timeline", ["export grpo-arith-first-dashboard"]),
            ("3 e", "trials>dashboard>timeline timeline", ["export grpo-arith-first-timeline"]),
            ("y", "trials>dashboard timeline", ["copy cockpit attach -e grpo-arith -f first"]),
            ("tab y", "trials>dashboard buffer", ["copy cockpit attach -e grpo-arith -f first"]),
            (
                "8 y", "trials>dashboard log full",
                [
                    "copy orchestrator info asked: pause by command"
                ]
            ),
            ("n", "trials>dashboard timeline", []), ("o", "trials>dashboard timeline", []),
            ("ctrl-c", "trials \"ctrl-c again leaves the dashboard; workers keep running\"", []),
            ("s ctrl-c", "trials>dashboard timeline", []), ("8 / x ctrl-c", "trials>dashboard log full", []),
        ] as [Story])
    func `on a run's screens`(story: Story) throws { check(story, from: try StateFixtures.live()) }

    @Test(
        arguments: [
            ("space", "trials>dashboard timeline plays from 400s x1", []),
            ("space space", "trials>dashboard timeline at 400s", []),
            ("> > space", "trials>dashboard timeline plays from 400s x4", []),
            ("space <", "trials>dashboard timeline plays from 400s x0.50", []),
            (",", "trials>dashboard timeline at 400s", ["seek event backward from 400s"]),
            (". .", "trials>dashboard timeline at 400s", ["seek event forward from 400s"]),
            ("0", "trials>dashboard timeline at 400s", []), ("tab 0", "trials>dashboard buffer at 0s", []),
            ("5", "trials>dashboard timeline at 598s", []), ("9", "trials>dashboard timeline at 1076s", []),
            ("space 5", "trials>dashboard timeline plays from 598s x1", []),
            ("E", "trials>dashboard timeline", []), ("r", "trials>dashboard timeline plays from 0s x1", []),
            ("s", "trials>dashboard timeline at 400s \"nothing to stop: the trial is completed\"", []),
            ("ctrl-s", "trials>dashboard timeline at 400s \"nothing to command: the trial is completed\"", []),
            ("6 K", "trials>dashboard timeline at 717s", []),
            ("q", "trials", []),
        ] as [Story])
    func `in a replay`(story: Story) throws { check(story, from: try StateFixtures.replay()) }
}
