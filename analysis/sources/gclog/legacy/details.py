"""Lines of a GC log of JDK 8 and before that tell of no stop: known details, and what is not of the log at all."""

from __future__ import annotations

import re

__all__ = ["is_detail", "is_of_gc", "says_nothing"]

AREAS = rb"(?:eden|from|to|object|the|ro|rw|train|mark|permanent)"
DETAILS = re.compile(
    rb"|".join(
        (
            # -XX:+PrintHeapAtGC, and the heap at the exit
            rb"\s*}?\s*\{?Heap(?: (?:before|after) (?:GC|gc) invocations.*)?$", rb"\s*[{}]\s*$",
            rb"\s+(?:data|class) space ", rb"\s*[A-Za-z][A-Za-z -]{1,60}?\s(?:total \d+K, used \d|used \d+K, cap)",
            rb"\s+%b\s+(?:space )?[\d\[]" % AREAS, rb"\s+region size \d", rb"No shared spaces configured",
            rb"\s*(?:Shenandoah |Status: |Reserved region:|- \[0x)", rb"\s*[\d.]+[KMG]? total, [\d.]+[KMG]? committed",
            rb"\s*\d+ x [\d.]+[KMG]? regions",
            # -XX:+PrintTenuringDistribution, -XX:+PrintAdaptiveSizePolicy, -XX:+PrintTLAB, -XX:PrintFLSStatistics
            rb"\s*- age ", rb"\s*Desired survivor size ", rb"\s*(?:PS|CMS|G1)?(?:Adaptive|YoungGen::|OldGen::)",
            rb"\s+(?:avg|minor|major|mutator|eden|survivor|promo|base|desired)[a-z_ ]{0,40}[:=]", rb"\s*G1HR ",
            rb"\s*TLAB[: ]",
            rb"(?:Before|After) GC\b", rb"Statistics for (?:Binary|Indexed)", rb"-{8,}$",
            rb"(?:Total Free Space|Max +Chunk Size|Number of Blocks|Av\. +Block +Size|Tree +Height): ",
            rb"(?:size\[\d+\] : )?demand: ", rb"\s*free=\d+ frag=", rb"CMS: Large [bB]lock",
            # class histograms
            rb"\s*num +#instances", rb"\s*\d+: +\d+ +\d+ +\S", rb"Total +\d+ +\d+$",
            rb"[-0-9T:+.,# ]*\[(?:Class Histogram|Heap Dump)", rb"\s*, [\d.,]+ secs\]$",
            # details of G1
            rb" {3,}\[(?! ?\d)[A-Z]", rb"\s+(?:Sum|Avg): ", rb"\s*[\d. ]+\]?$", rb"\s*[\d.,]+: \[G1Ergonomics ",
            rb"\[(?:Parallel Time|Other|Clear CT)", rb"Mark stack is full", rb"Setting abort in ", rb"###",
            rb"\s*:\s*$",
            # remembered sets
            rb" +(?:Recent concurrent ref|Processed \d|Of \d+ compl|Did \d+ coars|Concurrent \w+ threads|Current rem|"
            rb"Total (?:per|heap) region|Static struct|\d+ (?:occupied|code)|Region with largest|"
            rb"[\d.]+[BKMG]? \( *[\d.]+%\) (?:by|entries|elements))",
            # Shenandoah
            rb"\s+(?:Using \d|Pacer |Adaptive CSet|Collectable|Good progress|Bad progress|Failed to alloc|Cancelling)",
            rb"(?:Pacer for|Cancelling |Regions: |Humongous object|Max TLAB|GC threads: |Heuristics |Initialize Shen|"
            rb"Reference processing: |Soft Max Heap|Trigger: |Free: |All times are|all workers|GC STAT|Under alloc)",
            rb"\s*[A-Z<].{1,60}? \d+ us(?:,| *$)", rb"\s*[A-Z<].{1,60}?= +[\d.]+ s \(a = ",
            rb"\s+\d+ of +\d+ ms \(", rb"\s*Allocation pacing accrued",
            rb"\s+\d+ (?:[Ii]nvoked|caused|happened|upgraded)",
            rb"\s*\d+ (?:successful|Degenerated|Full) ", rb"\s+(?:\"\(|\"a\"|\"lvls|and post-safepoint)",
            rb"(?:under stop-the-world|tune GC heur|to avoid Degen)",
            rb"\s+(?:All times are|all workers|Pacing delays|observed pac|time in the pac|OS takes|Higher delay"
            rb"|from the STW|invisible to|Raise max)",
            rb"\s*[\d.]+[KMG]? max, [\d.]+[KMG]? soft",
            rb"(?:Collection set|Region sets?|Reserved region|ALLOCATION TRAC)",
            rb"\s*- (?:map|committed|reserved|\[0x)", rb"\s*\d+ alloc",
            rb"\s+(?:These are the slow|In-TLAB/GCLAB|Allocation tracing)", rb"\s*, \[(?:Meta|Perm)",
            # -XX:+PrintSafepointStatistics, -XX:+TraceGen0Time
            rb"\s+vmop +\[", rb"[-0-9T:+.]{5,40}: [A-Za-z_0-9 ]{2,40}?\s*\[ +\d+ +\d+ +\d+ *\]", rb"\[Accumulated ",
            rb"(?:Polling page|Maximum (?:sync|vm op))", rb"\s+\d+ VM operations", rb"[A-Z][A-Za-z0-9]{2,40} {4,}\d+$",
            # one-line remarks
            rb"GC locker: ", rb"\s*GC time (?:is|would)",
            rb"(?:Java HotSpot|OpenJDK).*(?:warning|VM \(|Oracle)", rb"/proc/meminfo",
            rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GC log file ", rb"(?:Memory|CommandLine flags): ", rb"\[Unloading class ",
            rb"[-0-9T:+.,# ]*\[(?:Preclean|GC Worker|(?:Soft|Weak|Final|Phantom|JNI Weak) ?Ref)",
            rb"\s*(?:\[\d+ iterations, .*)?\(CMS-concurrent-[a-z-]+ yielded ",
            rb"[-0-9T:+.,# ]*\[[a-z][a-z ]{1,40}, [\d.,]+ secs\]$",
            # a sentence with a stamp, of -XX:+PrintJNIGCStalls and others
            rb"[-0-9T:+.,]{5,40}: (?!Total time|Application time)[A-Z_][A-Za-z_:]+ ",
        )
    )
)  # fmt: skip
OF_GC = re.compile(
    rb"secs\]|\[(?:Full )?GC[ (\[-]|\[CMS|\[(?:PSYoungGen|ParNew|DefNew|Tenured|Times|Eden)|\d[BKMG]->[\d.,]+[BKMG]?\(|"
    rb"concurrent-|threads were stopped|^[-0-9T:]{19}[.,]\d{3}[+-]\d{4}: |^\d{1,9}[.,]\d{3}: |"
    rb"^Application time: |\[Rescan"
)
REFERENCES = re.compile(rb"\A, [\d.,]+ secs\]|\[(?:Preclean )?[A-Z][A-Za-z ]{2,20}References?, [^][]*\]")
NOTHING = re.compile(rb"[-\d:.,TZ+\s#}]*$")  # stamps whose text another thread wrote elsewhere
LONGEST = 4096


def is_detail(line: bytes) -> bool:
    """Return whether a line is a known detail that holds no stop.

    Examples
    --------
    >>> is_detail(b"- age   1:   12 bytes,   12 total"), is_detail(b"INFO started")
    (True, False)
    """
    return DETAILS.match(line, 0, LONGEST) is not None


def is_of_gc(line: bytes) -> bool:
    """Return whether a line that was not understood is one of the collector, and not of an application.

    Examples
    --------
    >>> is_of_gc(b"1.000: [GC [Strange"), is_of_gc(b"WARN slow: 12 secs")
    (True, False)
    """
    return OF_GC.search(line, 0, LONGEST) is not None


def says_nothing(text: bytes) -> bool:
    """Return whether a text is but stamps, colons and blanks, and what references took between them.

    Examples
    --------
    >>> says_nothing(b" 12.250: : "), says_nothing(b"12.250: [")
    (True, False)
    >>> says_nothing(b", 0.1 secs]12.250: [Preclean WeakReferences, 0.1 secs]12.250: ")
    True
    """
    return NOTHING.match(REFERENCES.sub(b"", text) if b"Ref" in text else text) is not None
