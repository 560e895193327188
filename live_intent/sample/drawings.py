# ruff: noqa: E501
"""The drawings of the sample catalogue's motifs, as the insides of an SVG of 120 by 120.

In them `C` is the item's colour, `D` a darker and `L` a lighter shade of it, and `K` a dark grey.
"""

DRAWINGS = {
    "headphones": '<path d="M28 72V62a32 32 0 0 1 64 0v10" fill="none" stroke="D" stroke-width="7"/>'
    '<rect x="20" y="64" width="20" height="32" rx="10" fill="C"/>'
    '<rect x="80" y="64" width="20" height="32" rx="10" fill="C"/>'
    '<rect x="34" y="66" width="8" height="28" rx="4" fill="K"/>'
    '<rect x="78" y="66" width="8" height="28" rx="4" fill="K"/>',
    "earbuds": '<rect x="28" y="62" width="64" height="36" rx="16" fill="L"/>'
    '<path d="M28 76h64" stroke="D" stroke-width="2"/>'
    '<path d="M40 24a11 11 0 1 1 6 20v20h-9V38z" fill="C"/>'
    '<path d="M80 24a11 11 0 1 0-6 20v20h9V38z" fill="C"/>',
    "speaker": '<rect x="34" y="22" width="52" height="78" rx="12" fill="C"/>'
    '<circle cx="60" cy="74" r="17" fill="D"/><circle cx="60" cy="74" r="7" fill="L"/>'
    '<circle cx="60" cy="42" r="9" fill="D"/>',
    "soundbar": '<rect x="14" y="52" width="92" height="22" rx="8" fill="C"/>'
    '<path d="M22 63h62" stroke="D" stroke-width="10" stroke-dasharray="3 3"/>'
    '<circle cx="96" cy="63" r="3" fill="L"/>',
    "screen": '<rect x="14" y="28" width="92" height="56" rx="5" fill="K"/>'
    '<rect x="19" y="33" width="82" height="46" fill="C"/>'
    '<path d="M19 79 48 50l16 14 18-20 19 20v15z" fill="L"/>'
    '<path d="M42 94h36M60 84v10" stroke="K" stroke-width="5"/>',
    "camera": '<path d="M44 34h32l6 10h20v46H18V44h20z" fill="C"/>'
    '<circle cx="60" cy="66" r="18" fill="K"/><circle cx="60" cy="66" r="10" fill="L"/>'
    '<rect x="24" y="50" width="12" height="7" rx="2" fill="D"/>',
    "phone": '<rect x="38" y="16" width="44" height="88" rx="9" fill="K"/>'
    '<rect x="42" y="21" width="36" height="78" rx="5" fill="C"/>'
    '<circle cx="51" cy="32" r="5" fill="D"/><circle cx="51" cy="45" r="5" fill="D"/>'
    '<path d="M42 99V72q18-14 36 0v27z" fill="L"/>',
    "case": '<rect x="36" y="14" width="48" height="92" rx="11" fill="C"/>'
    '<rect x="42" y="22" width="20" height="26" rx="7" fill="D"/>'
    '<circle cx="52" cy="30" r="4" fill="L"/><circle cx="52" cy="40" r="4" fill="L"/>'
    '<rect x="68" y="20" width="8" height="78" rx="4" fill="L" opacity=".5"/>',
    "charger": '<rect x="28" y="24" width="40" height="44" rx="9" fill="C"/>'
    '<path d="M40 24V12M56 24V12" stroke="K" stroke-width="5"/>'
    '<path d="M48 68v14q0 20 20 20t20-20V64" fill="none" stroke="D" stroke-width="5"/>'
    '<rect x="81" y="48" width="14" height="18" rx="3" fill="K"/>',
    "laptop": '<rect x="26" y="30" width="68" height="46" rx="5" fill="K"/>'
    '<rect x="31" y="35" width="58" height="36" fill="C"/><path d="M31 71 62 40l27 31z" fill="L"/>'
    '<path d="M14 80h92l-6 10H20z" fill="D"/>',
    "tablet": '<rect x="28" y="18" width="64" height="84" rx="8" fill="K"/>'
    '<rect x="34" y="25" width="52" height="70" rx="2" fill="C"/>'
    '<path d="M42 40h36M42 50h36M42 60h24" stroke="L" stroke-width="4"/>',
    "mouse": '<rect x="38" y="24" width="44" height="74" rx="22" fill="C"/>'
    '<path d="M60 24v30M38 56h44" stroke="D" stroke-width="3"/>'
    '<rect x="56" y="36" width="8" height="14" rx="4" fill="K"/>',
    "keyboard": '<rect x="12" y="42" width="96" height="40" rx="7" fill="C"/>'
    '<path d="M20 52h80M20 62h80" stroke="L" stroke-width="7" stroke-dasharray="7 3"/>'
    '<path d="M36 73h48" stroke="L" stroke-width="7"/>',
    "drive": '<rect x="32" y="28" width="56" height="66" rx="9" fill="C"/>'
    '<rect x="40" y="36" width="40" height="30" rx="4" fill="D"/>'
    '<rect x="52" y="76" width="16" height="6" rx="3" fill="L"/>',
    "printer": '<rect x="36" y="20" width="48" height="30" fill="L"/>'
    '<rect x="20" y="44" width="80" height="38" rx="7" fill="C"/>'
    '<rect x="36" y="68" width="48" height="30" fill="#fff"/>'
    '<path d="M43 78h34M43 87h24" stroke="D" stroke-width="3"/><circle cx="90" cy="54" r="3" fill="L"/>',
    "controller": '<path d="M34 40h52q20 0 22 36 0 14-12 14-8 0-16-14H40q-8 14-16 14-12 0-12-14 2-36 22-36z" fill="C"/>'
    '<path d="M38 52v16M30 60h16" stroke="L" stroke-width="5"/>'
    '<circle cx="82" cy="54" r="5" fill="L"/><circle cx="92" cy="64" r="5" fill="D"/>',
    "disc": '<rect x="26" y="18" width="68" height="86" rx="4" fill="C"/>'
    '<rect x="26" y="18" width="9" height="86" fill="D"/>'
    '<circle cx="65" cy="54" r="19" fill="L"/><path d="M60 44v20l15-10z" fill="D"/>'
    '<path d="M46 86h38" stroke="L" stroke-width="5"/>',
    "book": '<path d="M28 20h58a6 6 0 0 1 6 6v74H34a8 8 0 0 1-6-8z" fill="C"/>'
    '<path d="M34 90h58v10H34a5 5 0 0 1 0-10z" fill="#fff"/><path d="M38 20v70" stroke="D" stroke-width="4"/>'
    '<path d="M50 38h30M50 48h20" stroke="L" stroke-width="5"/>',
    "pot": '<path d="M26 50h68v32a14 14 0 0 1-14 14H40a14 14 0 0 1-14-14z" fill="C"/>'
    '<path d="M22 50h76" stroke="D" stroke-width="6"/><path d="M30 46q30-26 60 0z" fill="L"/>'
    '<circle cx="60" cy="30" r="5" fill="D"/><path d="M26 62H12M94 62h14" stroke="D" stroke-width="6"/>',
    "pan": '<ellipse cx="48" cy="64" rx="36" ry="32" fill="D"/><ellipse cx="48" cy="64" rx="28" ry="24" fill="C"/>'
    '<path d="M78 52 110 30" stroke="K" stroke-width="10" stroke-linecap="round"/>'
    '<path d="M32 56q8-12 20-10" stroke="L" stroke-width="4" fill="none"/>',
    "knife": '<path d="M22 96 82 22q12 12 0 32L42 92z" fill="L"/>'
    '<path d="m22 96 24-30 14 12-20 24q-8 8-18-6z" fill="C"/><circle cx="36" cy="90" r="3" fill="L"/>',
    "mug": '<path d="M28 36h52v48a14 14 0 0 1-14 14H42a14 14 0 0 1-14-14z" fill="C"/>'
    '<path d="M80 48h8a14 14 0 0 1 0 28h-8" fill="none" stroke="D" stroke-width="7"/>'
    '<path d="M44 28q-5-7 0-14M60 28q-5-7 0-14" stroke="L" stroke-width="4" fill="none"/>',
    "kettle": '<path d="M34 96 40 44h38l8 52z" fill="C"/><path d="M40 44q18-26 38 0z" fill="D"/>'
    '<path d="M82 52q22 6 12 38" fill="none" stroke="K" stroke-width="6"/><path d="M38 60 20 46" stroke="C" stroke-width="8"/>',
    "blender": '<path d="M36 18h48l-7 50H43z" fill="L"/><path d="M39 40h42l-4 28H43z" fill="C" opacity=".7"/>'
    '<path d="M40 68h40l8 32H32z" fill="D"/><circle cx="60" cy="86" r="6" fill="L"/>',
    "glass": '<path d="M40 18h40q4 40-20 44-24-4-20-44z" fill="L"/><path d="M42 34h36q-2 24-18 26-16-2-18-26z" fill="C"/>'
    '<path d="M60 62v34M42 100h36" stroke="D" stroke-width="5"/>',
    "plate": '<circle cx="60" cy="60" r="42" fill="C"/><circle cx="60" cy="60" r="28" fill="L"/>'
    '<circle cx="60" cy="60" r="28" fill="none" stroke="D" stroke-width="2"/>',
    "flask": '<rect x="44" y="14" width="32" height="16" rx="4" fill="D"/>'
    '<rect x="38" y="32" width="44" height="74" rx="10" fill="C"/><rect x="46" y="40" width="7" height="56" rx="3" fill="L"/>',
    "sofa": '<path d="M24 36h72a6 6 0 0 1 6 6v30H18V42a6 6 0 0 1 6-6z" fill="C"/>'
    '<rect x="10" y="56" width="18" height="34" rx="8" fill="D"/><rect x="92" y="56" width="18" height="34" rx="8" fill="D"/>'
    '<rect x="28" y="66" width="64" height="22" rx="5" fill="L"/><path d="M60 66v22M24 90v8M96 90v8" stroke="D" stroke-width="4"/>',
    "shelf": '<path d="M28 16v88M92 16v88M28 20h64M28 46h64M28 72h64M28 98h64" stroke="C" stroke-width="6"/>'
    '<path d="M38 30v14M46 28v16M72 54v16M80 58v12M42 80v16" stroke="D" stroke-width="6"/>',
    "chair": '<rect x="36" y="14" width="48" height="46" rx="12" fill="C"/><rect x="30" y="64" width="60" height="13" rx="6" fill="D"/>'
    '<path d="M60 77v16M36 102l24-10 24 10" stroke="K" stroke-width="5" fill="none"/><path d="M46 24h28" stroke="L" stroke-width="4"/>',
    "table": '<rect x="12" y="40" width="96" height="12" rx="4" fill="C"/><path d="M24 52v44M96 52v44" stroke="D" stroke-width="8"/>'
    '<rect x="60" y="52" width="32" height="14" fill="L"/>',
    "bed": '<rect x="14" y="36" width="92" height="24" rx="6" fill="D"/><rect x="22" y="46" width="34" height="18" rx="8" fill="#fff"/>'
    '<rect x="64" y="46" width="34" height="18" rx="8" fill="#fff"/><path d="M10 60h100v30H10z" fill="C"/><path d="M10 72h100" stroke="L" stroke-width="6"/>'
    '<path d="M18 90v8M102 90v8" stroke="K" stroke-width="5"/>',
    "bulb": '<path d="M60 14a30 30 0 0 1 16 56v10H44V70a30 30 0 0 1 16-56z" fill="#f6d98a"/>'
    '<path d="M46 86h28M48 94h24M54 102h12" stroke="D" stroke-width="5"/>',
    "lamp": '<path d="M40 16h40l16 40H24z" fill="C"/><path d="M30 42h60l6 14H24z" fill="#f6d98a"/>'
    '<path d="M60 56v42" stroke="D" stroke-width="6"/><path d="M38 102h44" stroke="D" stroke-width="8"/>',
    "drill": '<path d="M22 32h58l12 10v12L80 62H56l10 42H44L34 62H22z" fill="C"/><path d="M92 48h18" stroke="K" stroke-width="5"/>'
    '<rect x="40" y="94" width="32" height="12" rx="3" fill="K"/><path d="M30 42h34" stroke="L" stroke-width="5"/>',
    "hammer": '<path d="M28 20h44q14 2 18 16H74v8H28z" fill="D"/><rect x="46" y="44" width="14" height="62" rx="6" fill="C"/>',
    "screwdriver": '<rect x="48" y="62" width="24" height="42" rx="10" fill="C"/><path d="M60 62V26" stroke="K" stroke-width="6"/>'
    '<path d="M54 14h12l-2 14h-8z" fill="D"/><path d="M56 72v22M64 72v22" stroke="L" stroke-width="3"/>',
    "suitcase": '<path d="M46 30V16h28v14" fill="none" stroke="K" stroke-width="5"/><rect x="28" y="30" width="64" height="68" rx="9" fill="C"/>'
    '<path d="M42 34v60M60 34v60M78 34v60" stroke="D" stroke-width="4"/><circle cx="40" cy="102" r="4" fill="K"/><circle cx="80" cy="102" r="4" fill="K"/>',
    "grill": '<path d="M22 44h76q-2 32-38 32T22 44z" fill="C"/><path d="M26 40q34-36 68 0z" fill="D"/>'
    '<path d="M46 74 32 106M74 74l14 32M60 76v20" stroke="K" stroke-width="5"/>',
    "plant": '<path d="M40 74h40l-6 30H46z" fill="D"/><path d="M60 74V42" stroke="#3d6b4f" stroke-width="5"/>'
    '<path d="M60 54q-30 0-30-28 30 0 30 28z" fill="C"/><path d="M60 48q0-30 30-32 2 30-30 32z" fill="C"/><path d="M60 68q20 0 24-16-22-2-24 16z" fill="L"/>',
    "shoe": '<path d="M14 78V52l20 4 20-16 14 18q26 6 36 14 4 6 2 12H14z" fill="C"/><path d="M12 82h96v6q0 6-6 6H18q-6 0-6-6z" fill="#fff" stroke="D" stroke-width="2"/>'
    '<path d="m50 50 10 10M58 44l10 11" stroke="L" stroke-width="4"/><path d="M24 74q20-2 32-16" stroke="D" stroke-width="4" fill="none"/>',
    "boot": '<path d="M36 18h32v44q30 4 32 26v6H36z" fill="C"/><path d="M34 94h68v8H34z" fill="D"/><path d="M56 26v30" stroke="D" stroke-width="8"/><path d="M36 24h32" stroke="L" stroke-width="5"/>',
    "heel": '<path d="M18 58q10-28 18-24 20 36 66 46 6 4 4 8H70Q52 84 34 66v34h-6z" fill="C"/><path d="M36 44q22 30 60 40" stroke="L" stroke-width="3" fill="none"/>',
    "dress": '<path d="M46 18v16l-6 14 6 12-16 42h60L74 60l6-12-6-14V18h-6q0 12-8 12t-8-12z" fill="C"/><path d="M46 58h28" stroke="D" stroke-width="5"/><path d="M52 66 44 100M68 66l8 34" stroke="L" stroke-width="3"/>',
    "trousers": '<path d="M38 16h44l8 88H68l-8-54-8 54H30z" fill="C"/><path d="M37 24h46" stroke="D" stroke-width="5"/><path d="M60 26v22" stroke="D" stroke-width="3"/><path d="M44 36 38 98" stroke="L" stroke-width="3"/>',
    "jacket": '<path d="M42 20h36l22 14 6 58H88l-4-36v46H36V56l-4 36H14l6-58z" fill="C"/><path d="M60 24v78" stroke="D" stroke-width="4"/><path d="M42 20q18 22 36 0l-6-6H48z" fill="D"/><path d="M42 72h10M68 72h10" stroke="L" stroke-width="4"/>',
    "shirt": '<path d="M44 22q16 12 32 0l26 14-8 26-14-6v44H40V56l-14 6-8-26z" fill="C"/><path d="M44 22q16 26 32 0" fill="none" stroke="D" stroke-width="5"/><path d="M40 90h40" stroke="L" stroke-width="5"/>',
    "backpack": '<path d="M44 26q0-14 16-14t16 14" fill="none" stroke="D" stroke-width="6"/><rect x="30" y="24" width="60" height="80" rx="20" fill="C"/><rect x="40" y="64" width="40" height="32" rx="7" fill="D"/><path d="M42 46h36" stroke="L" stroke-width="4"/>',
    "tote": '<path d="M42 50q0-34 18-34t18 34" fill="none" stroke="D" stroke-width="6"/><path d="M26 46h68l8 56H18z" fill="C"/><path d="M34 58h52" stroke="L" stroke-width="4"/>',
    "watch": '<path d="M46 10h28l2 24H44zM44 86h32l-2 24H46z" fill="D"/><circle cx="60" cy="60" r="30" fill="C"/><circle cx="60" cy="60" r="23" fill="#fff"/><path d="M60 46v14l10 6" stroke="K" stroke-width="4" fill="none"/>',
    "ring": '<circle cx="60" cy="72" r="28" fill="none" stroke="C" stroke-width="9"/><path d="m60 44-16-16 8-12h16l8 12z" fill="L" stroke="D" stroke-width="2"/>',
    "lipstick": '<path d="M48 48V26q16-14 24-4v26z" fill="C"/><rect x="44" y="48" width="32" height="20" fill="#cfae73"/><rect x="40" y="66" width="40" height="40" rx="4" fill="K"/>',
    "perfume": '<rect x="50" y="12" width="20" height="18" rx="3" fill="K"/><rect x="30" y="38" width="60" height="66" rx="12" fill="L"/><path d="M36 62h48v30a8 8 0 0 1-8 8H44a8 8 0 0 1-8-8z" fill="C"/><rect x="54" y="30" width="12" height="8" fill="D"/>',
    "jar": '<rect x="30" y="24" width="60" height="18" rx="5" fill="D"/><rect x="26" y="42" width="68" height="58" rx="12" fill="C"/><rect x="36" y="56" width="48" height="28" rx="4" fill="#fff"/><path d="M44 66h32M44 75h20" stroke="D" stroke-width="3"/>',
    "bottle": '<path d="M52 12h16v14H52z" fill="D"/><path d="M46 30h28q10 8 10 22v44a8 8 0 0 1-8 8H44a8 8 0 0 1-8-8V52q0-14 10-22z" fill="C"/><rect x="42" y="58" width="36" height="28" rx="4" fill="#fff"/><path d="M48 68h24M48 76h14" stroke="D" stroke-width="3"/>',
    "bag": '<path d="M36 22h48l6 80H30z" fill="C"/><path d="M34 22h52v12H34z" fill="D"/><rect x="42" y="48" width="36" height="34" rx="6" fill="#fff"/><circle cx="60" cy="65" r="9" fill="L"/>',
    "chocolate": '<rect x="34" y="16" width="52" height="88" rx="4" fill="C"/><path d="M34 60h52v44H34z" fill="D"/><path d="M60 18v40M38 32h44M38 46h44" stroke="L" stroke-width="3"/>',
    "teddy": '<circle cx="40" cy="30" r="12" fill="D"/><circle cx="80" cy="30" r="12" fill="D"/><circle cx="60" cy="84" r="26" fill="C"/><circle cx="60" cy="44" r="25" fill="C"/><ellipse cx="60" cy="53" rx="11" ry="9" fill="L"/><circle cx="51" cy="40" r="3" fill="K"/><circle cx="69" cy="40" r="3" fill="K"/><circle cx="60" cy="50" r="3.5" fill="K"/><circle cx="60" cy="88" r="13" fill="L"/>',
    "blocks": '<rect x="20" y="62" width="38" height="38" rx="4" fill="C"/><rect x="62" y="62" width="38" height="38" rx="4" fill="D"/><rect x="41" y="22" width="38" height="38" rx="4" fill="L"/><circle cx="39" cy="81" r="9" fill="L"/><path d="M81 72l9 18H72z" fill="L"/><path d="M53 34h14v14H53z" fill="D"/>',
    "dice": '<rect x="24" y="24" width="50" height="50" rx="10" fill="C"/><rect x="56" y="56" width="42" height="42" rx="9" fill="D"/><circle cx="38" cy="38" r="5" fill="#fff"/><circle cx="60" cy="38" r="5" fill="#fff"/><circle cx="49" cy="49" r="5" fill="#fff"/><circle cx="77" cy="77" r="6" fill="#fff"/>',
    "guitar": '<path d="M68 50 98 16" stroke="K" stroke-width="7"/><path d="M62 44q16 4 16 18-4 8-12 10 0 16-14 26-18 8-28-6-8-16 6-28 8-4 14-6 4-12 18-14z" fill="C"/><circle cx="52" cy="68" r="9" fill="K"/><path d="m36 84 8 8" stroke="L" stroke-width="4"/>',
    "piano": '<rect x="14" y="40" width="92" height="42" rx="5" fill="C"/><rect x="20" y="54" width="80" height="24" fill="#fff"/><path d="M30 54v24M40 54v24M50 54v24M60 54v24M70 54v24M80 54v24M90 54v24" stroke="#999" stroke-width="1"/><path d="M30 54v14M40 54v14M60 54v14M70 54v14M80 54v14" stroke="K" stroke-width="6"/>',
    "dumbbell": '<path d="M38 60h44" stroke="K" stroke-width="8"/><rect x="22" y="36" width="16" height="48" rx="5" fill="C"/><rect x="82" y="36" width="16" height="48" rx="5" fill="C"/><rect x="12" y="46" width="10" height="28" rx="4" fill="D"/><rect x="98" y="46" width="10" height="28" rx="4" fill="D"/>',
    "bicycle": '<circle cx="32" cy="76" r="21" fill="none" stroke="K" stroke-width="5"/><circle cx="88" cy="76" r="21" fill="none" stroke="K" stroke-width="5"/><path d="M32 76 48 42h28l12 34M48 42l12 34h-28M60 76l16-34-4-12h12M42 38h14" fill="none" stroke="C" stroke-width="6"/>',
    "helmet": '<path d="M16 76a44 42 0 0 1 88 0l-6 8H22z" fill="C"/><path d="M40 72q2-24 14-36M66 72q6-22 0-38M88 72q0-14-8-28" stroke="D" stroke-width="7" fill="none"/><path d="M26 84l18 18" stroke="K" stroke-width="4"/>',
    "tent": '<path d="M60 22 110 96H10z" fill="C"/><path d="M60 22 84 96H48z" fill="D"/><path d="M60 44 72 96H52z" fill="L"/>',
    "paw": '<ellipse cx="60" cy="78" rx="25" ry="21" fill="C"/><ellipse cx="30" cy="54" rx="10" ry="13" fill="D"/><ellipse cx="50" cy="36" rx="10" ry="14" fill="D"/><ellipse cx="72" cy="36" rx="10" ry="14" fill="D"/><ellipse cx="91" cy="54" rx="10" ry="13" fill="D"/>',
    "notebook": '<rect x="30" y="16" width="62" height="88" rx="6" fill="C"/><path d="M24 30h14M24 48h14M24 66h14M24 84h14" stroke="K" stroke-width="4"/><rect x="48" y="34" width="32" height="16" rx="3" fill="L"/><path d="M82 16v88" stroke="D" stroke-width="5"/>',
    "pen": '<path d="M30 92 78 28l16 12-48 64-20 6z" fill="C"/><path d="m78 28 8-10 16 12-8 10z" fill="D"/><path d="m26 110 4-18 16 12z" fill="K"/><path d="M84 40 44 94" stroke="L" stroke-width="4"/>',
    "vacuum": '<path d="M86 12 52 74" stroke="D" stroke-width="7"/><rect x="50" y="34" width="30" height="36" rx="12" fill="C" transform="rotate(29 65 52)"/><path d="M24 84h50l6 18H18z" fill="C"/><path d="M26 96h44" stroke="L" stroke-width="4"/>',
    "toothbrush": '<rect x="48" y="50" width="24" height="58" rx="11" fill="C"/><path d="M60 50V26" stroke="D" stroke-width="8"/><path d="M54 12h16v16H54z" fill="L"/><circle cx="60" cy="68" r="5" fill="D"/>',
    "box": '<path d="M60 20 102 40v44L60 104 18 84V40z" fill="C"/><path d="M60 60 102 40 60 20 18 40z" fill="L"/><path d="M60 60v44l42-20V40z" fill="D"/>',
}
