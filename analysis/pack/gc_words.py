"""Words that the collectors of JDK 8 and before say in their logs; other words in such a line are somebody else's."""

from __future__ import annotations

__all__ = ["GC_WORDS"]

GC_WORDS = frozenset(
    b"""
_pending_cards abort abortable accrued accumulate actual adaptive adaptivesizestart adaptivesizestop add addresses
adjust after age agent all alloc allocated allocation allocs already amount and application aps are ascms asparnew
asparoldgen aspsoldgen aspsyounggen attempt attempted attempts average avg avg_pretenured_padded_avg
avg_promoted_padded_avg avg_survived_padded_avg bailing base before below binarytreedictionary bitmap block blocks
buffers but bytes cache calculate calculated cancelling candidate capacity cards caused choose choosing chunk class
classes cldg cleanup clear clearing clock cms cms_large cmsbailing cmscms cmsjava coarsenings code collectable
collection command committed compact compacting compaction complete completed conc concurrent configured
construction copy counters created cset current current_rate cycle cycles dead deallocate dedup default defnew degen
degenerated delay delays demand desired desired_size diagnostic dict did diff dissect ditch dividing due dump each
eden eden_size edenspace elements end enq enqueue entries ergonomically ergonomics estimates evac evacuation exceed
exceeding except exhausted exit expand expanded expansion expected explicitly ext external failed failure fast file
filtering final finalize finalreference finalreferences finish first fixup flat for force forcegarbagecollection
foreground frag free free_lists from full full_gc full_promotion fully g1ergonomics garbage garbagecollection
gc_tlab gcadaptive gcbefore gclocker gcs gctimelimit gen generation good grey gross handle_promotion_failure handles
has heap heap_before heapdump height heuristics higher histogram hotspot housekeeping humongous humonguous icms_dc
idle ihop immediate immix implicitly include indexedfreelists init initial initiate initiated initiation inspection
instances internal interrupted invocations invoked java jfr jni jvm_terminated jvmti jvmtienv large largest last
last_ditch levels limit live locker log logs look lvls major make makes management map mark marking max maximum may
median meminfo memory metadata metaspace migration min minimum minor mixed mode more mutator mutators name need net
new new_desired new_rate node nodes non notify num num_elems numa number object objects occupancy occupied old
old_desired old_gc old_gen old_rate operation other out over overflow overhead paced pacer pacing page par parallel
parallelism parnew parnewgen paroldgen parsable partial path pause pauses per percent perf perm phantomreference
phantomreferences phase physical plab pointers post pre preclean precleaning predicted prepare
printsafepointstatistics proc process processed processing profiler progress promo promoted promotion protector
proximity psadaptivesizepolicy psold psoldgen pspermgen psyoung psyounggen purge quantiles queue queues rate reached
real reason rebuild recent reclaim reclaimable redirty ref reference references refill refills refinement refs
region regions register regular rem remaining remark remembered represented request requested rescan reserve
reserved reset resize retire root roots runtime safepoint sampling satb saved scan scanning scavenge scrub seconds
secs see selection sense server set sets shared shenandoah shutdown size sizing slow soft softreference
softreferences softrefs source space spaces spent stack stage start states static statistics stats stop stopped
stopping string structures stw successful sum summary survived survivor survivors swap sweep symbol synchronizer sys
system table tables target target_size task tax taxable tenured tenuring tenuring_thresh termination than that the
thread threads threshold time times tlab tlabs took total trash tree trigger trying uncommit uncommitted under
universe unload unloading unparsed update upgraded use used user using waiting wall warning waste weak weakreference
weakreferences weakrefs were when which with work worker workers world would yes young young_gc young_gen
""".split()
)
