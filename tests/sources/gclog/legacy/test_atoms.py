"""What other threads print inside the text of a pause."""

from analysis.sources.gclog.legacy.atoms import cut_atoms


def test_atoms_are_cut_out_with_their_stamps():
    text = (
        b"1.000: [Full GC (System.gc()) 1.001: [CMS2026-11-22T18:04:30.123+0000: 1.500: "
        b"[CMS-concurrent-sweep: 0.1/0.4 secs] "
        b"[Times: user=0.1 sys=0.0, real=0.4 secs] (concurrent mode interrupted): 9K->1K(9K)"
    )
    rest, (atom,) = cut_atoms(text)
    assert rest == b"1.000: [Full GC (System.gc()) 1.001: [CMS (concurrent mode interrupted): 9K->1K(9K)"
    assert (atom.what, atom.name, atom.took, atom.stamp.uptime_seconds) == ("cms", "sweep", 0.4, 1.5)


def test_several_atoms_on_one_line():
    rest, atoms = cut_atoms(b"2.000: 2.000: Application time: 0.5 seconds[GC concurrent-mark-start]")
    assert [atom.what for atom in atoms] == ["running", "g1"]
    assert rest == b"2.000: "


def test_a_phase_that_a_pause_cut_in_two_ends_no_area_of_it():
    text = b"1.000: [Preclean SoftReferences1.000: [GC 1.000: [ParNew: 8K->8K(9K), 0.1 secs]1.100: [CMS, 0.2 secs]"
    assert cut_atoms(text)[0] == b"1.000: 1.000: [GC 1.000: [ParNew: 8K->8K(9K), 0.1 secs]1.100: [CMS"
    whole = b"1.000: [Preclean SoftReferences, 0.1 secs]1.200: [GC 1.200: [ParNew: 8K->1K(9K), 0.1 secs]"
    assert cut_atoms(whole)[0] == whole
