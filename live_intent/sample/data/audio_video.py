"""Headphones, speakers, televisions and cameras."""

from live_intent.sample.data.kind import COLOURS, Kind

_AUDIO_BRANDS = (
    "Sonvela | Nordhall | Kestrelle | Tamburo | Ovadio | Lumetone | Brightwave | Halden Audio"
)
_VIDEO_BRANDS = "Vistara | Ocuma | Brightwave | Lumetone | Pantaro | Kinovia"

KINDS = (
    Kind(
        category="Electronics > Headphones > Over-ear headphones",
        count=54,
        price=129,
        brands=_AUDIO_BRANDS,
        titles=(
            "{brand} {model} Wireless Noise Cancelling Headphones, {colour}",
            "{brand} {model} Over-Ear Bluetooth Headphones with {battery} Battery, {colour}",
            "{brand} {model} Wireless Over-Ear Headphones, Foldable, {colour}",
        ),
        slots={"colour": COLOURS, "battery": "24 h | 30 h*1.1 | 40 h*1.2 | 60 h*1.35"},
        sentences=(
            "Active noise cancelling keeps trains, planes and open offices outside.",
            "Plays for {battery} on one charge; ten minutes at the socket give three hours more.",
            "Soft memory foam cushions stay comfortable on long flights.",
            "Two microphones make calls clear even in the street.",
            "Folds flat into the travel case that comes with it.",
        ),
    ),
    Kind(
        category="Electronics > Headphones > In-ear headphones",
        count=54,
        price=69,
        brands=_AUDIO_BRANDS,
        titles=(
            "{brand} {model} True Wireless Earbuds, {colour}",
            "{brand} {model} Noise Cancelling Earbuds with Charging Case, {colour}",
            "{brand} {model} In-Ear Headphones with Microphone, {plug}, {colour}",
        ),
        slots={"colour": COLOURS, "plug": "USB-C | 3.5 mm Jack*0.5 | Bluetooth 5.3*1.1"},
        sentences=(
            "Three sizes of silicone tips seal out noise.",
            "The charging case adds another 20 hours.",
            "Touch controls for music, calls and the voice assistant.",
            "Small enough to forget that you wear them.",
        ),
    ),
    Kind(
        category="Electronics > Headphones > Sports headphones",
        count=31,
        price=59,
        brands="Sonvela | Tamburo | Brightwave | Stridewell",
        titles=(
            "{brand} {model} Sports Headphones with Ear Hooks, Sweatproof, {colour}",
            "{brand} {model} Bone Conduction Running Headphones, {colour}",
        ),
        slots={"colour": "Black | Lime | Orange | Blue", "protection": "IPX5 | IPX7*1.2"},
        sentences=(
            "Hooks keep them in place when you run, row or climb.",
            "Sweat and rain do no harm: {protection}.",
            "Leaves the ears open, so that you hear the traffic.",
        ),
    ),
    Kind(
        category="Electronics > Headphones > Kids headphones",
        count=31,
        price=29,
        brands="Pipkin | Tamburo | Ovadio | Little Lark",
        titles=(
            "{brand} Kids Headphones, Volume Limited to 85 dB, {theme} {colour}",
            "{brand} {model} Wireless Headphones for Children, {theme}, {colour}",
        ),
        slots={
            "colour": "Pink | Blue | Green | Purple",
            "theme": "Unicorn | Dinosaur | Rocket | Cat",
        },
        sentences=(
            "The volume stays below 85 dB, whatever a child presses.",
            "Bends without breaking and wipes clean.",
            "Two children can listen together through the sharing socket.",
        ),
    ),
    Kind(
        category="Electronics > Headphones > Studio headphones",
        count=31,
        price=169,
        brands="Nordhall | Kestrelle | Halden Audio",
        titles=(
            "{brand} {model} {build} Studio Headphones, {impedance}",
            "{brand} {model} {build} Monitor Headphones for Mixing, {impedance}",
        ),
        slots={
            "build": "Closed-Back | Open-Back*1.25",
            "impedance": "32 Ohm | 80 Ohm | 250 Ohm*1.1",
        },
        sentences=(
            "A flat response shows what is in the recording, and nothing else.",
            "Every part that wears can be replaced.",
            "Comes with a coiled and a straight cable of 3 m.",
        ),
    ),
    Kind(
        category="Electronics > Headphones > Gaming headsets",
        count=31,
        price=79,
        brands="Kraitos | Vexlor | Ovadio | Pantaro",
        titles=(
            "{brand} {model} Gaming Headset with Microphone for {platform}, {colour}",
            "{brand} {model} Wireless Gaming Headphones, Surround Sound, {colour}",
        ),
        slots={"colour": "Black | White | Red", "platform": "PC | PC and Consoles*1.1 | Consoles"},
        sentences=(
            "Hear where the steps come from.",
            "The microphone folds away and mutes itself.",
            "Lights can be switched off, for those who play at night.",
        ),
    ),
    Kind(
        category="Electronics > Speakers > Bluetooth speakers",
        count=35,
        price=79,
        brands=_AUDIO_BRANDS,
        titles=(
            "{brand} {model} Portable Bluetooth Speaker, Waterproof, {colour}",
            "{brand} {model} {power} Wireless Speaker with Deep Bass, {colour}",
        ),
        slots={"colour": COLOURS, "power": "10 W*0.7 | 20 W | 40 W*1.4 | 60 W*1.8"},
        sentences=(
            "Floats, and plays on after a fall into the pool.",
            "Pair two for stereo.",
            "Lasts for a day at the lake.",
        ),
    ),
    Kind(
        category="Electronics > Speakers > Soundbars",
        count=19,
        price=199,
        brands="Halden Audio | Nordhall | Vistara | Lumetone",
        titles=("{brand} {model} {channels} Soundbar {extra}",),
        slots={
            "channels": "2.0*0.7 | 2.1 | 3.1*1.3 | 5.1*1.7",
            "extra": "with Wireless Subwoofer*1.2 | for TV, HDMI ARC | with Bluetooth, 90 cm",
        },
        sentences=(
            "Makes speech clear again without turning up the television.",
            "One cable to the television is all it needs.",
        ),
    ),
    Kind(
        category="Electronics > Televisions",
        count=46,
        price=499,
        brands=_VIDEO_BRANDS,
        titles=(
            "{brand} {model} {screen} 4K Ultra HD Smart TV",
            "{brand} {model} {screen} {panel} Television, {year}",
            "{brand} {screen} {panel} Smart TV {model}",
        ),
        slots={
            "screen": "32 Inch*0.4 | 43 Inch*0.7 | 50 Inch*0.9 | 55 Inch | 65 Inch*1.5 | 75 Inch*2",
            "panel": "LED*0.8 | QLED*1.1 | OLED*1.9",
            "year": "2024*0.9 | 2025",
        },
        sentences=(
            "Streams from all services without another box.",
            "Four HDMI sockets, two of them for games at 120 Hz.",
            "Dark scenes stay dark: the backlight dims in zones.",
            "Hangs on the wall or stands on the two feet that come with it.",
        ),
    ),
    Kind(
        category="Electronics > Cameras > Mirrorless cameras",
        count=23,
        price=899,
        brands="Ocuma | Pantaro | Solaneye",
        titles=(
            "{brand} {model} Mirrorless Camera, {sensor}, {kit}",
            "{brand} {model} {sensor} Digital Camera {kit}",
        ),
        slots={
            "sensor": "24 MP | 33 MP*1.4 | 45 MP*2",
            "kit": "Body Only*0.85 | with 18-55 mm Lens | with 24-70 mm Lens*1.5",
        },
        sentences=(
            "Finds eyes, of people and of birds, and holds on to them.",
            "Stabilised, so that evenings need no tripod.",
            "Films in 4K at 60 pictures a second.",
        ),
    ),
    Kind(
        category="Electronics > Cameras > Action cameras and accessories",
        count=23,
        price=89,
        brands="Solaneye | Trekon | Ocuma",
        titles=(
            "{brand} {model} 4K Action Camera, {proof}",
            "{brand} {thing} for Cameras, {colour}",
        ),
        slots={
            "proof": "Waterproof to 10 m*1.6 | Waterproof to 40 m*1.9",
            "thing": "Travel Tripod 150 cm*0.8 | Camera Backpack*0.9 | Gimbal Stabiliser*1.5"
            " | Padded Strap*0.25 | 64 GB Memory Card*0.2",
            "colour": "Black | Grey | Sand",
        },
        sentences=(
            "Small enough for a pocket, tough enough for a river.",
            "Made for days outside.",
        ),
        spread=0.2,
    ),
)
