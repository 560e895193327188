"""Phones of invented brands, what goes with them, laptops, tablets, office machines, games."""

from live_intent.sample.data.kind import COLOURS, Kind

_PHONE_BRANDS = "Orbita | Zenfire | Pantaro | Nuvolo | Kairo"
_ACCESSORY_BRANDS = "Cablery | Voltmate | Snugly | Armadille | Nuvolo"

KINDS = (
    Kind(
        category="Phones > Smartphones",
        count=69,
        price=399,
        brands=_PHONE_BRANDS,
        titles=(
            "{brand} {model} 5G Smartphone, {storage}, {colour}, Dual SIM",
            "{brand} {model} Unlocked Android Phone {storage}, {screen} Display, {colour}",
            "{brand} {model} Lite Mobile Phone, {storage}, {colour}",
        ),
        slots={
            "storage": "64 GB*0.7 | 128 GB | 256 GB*1.25 | 512 GB*1.6",
            "colour": "Midnight Black | Silver | Ocean Blue | Rose Gold | Mint",
            "screen": "6.1 Inch | 6.5 Inch | 6.8 Inch*1.1",
        },
        sentences=(
            "The camera takes sharp pictures after sunset.",
            "The battery lasts from breakfast to breakfast.",
            "Security updates for five years.",
            "Bright enough to read in the sun.",
        ),
    ),
    Kind(
        category="Phones > Senior phones",
        count=12,
        price=59,
        brands="Kairo | Emphona",
        titles=("{brand} {model} Big Button Mobile Phone for Seniors, {colour}",),
        slots={"colour": "Black | White | Red | Blue"},
        sentences=("Large keys, loud ringing and one button that calls for help.",),
    ),
    Kind(
        category="Phones > Cases",
        count=54,
        price=19,
        brands=_ACCESSORY_BRANDS,
        titles=(
            "{brand} {material} Case for {fits}, {colour}",
            "{brand} Shockproof Phone Case with Stand for {fits}, {colour}",
            "{brand} Wallet Case with Card Slots for {fits}, {material}, {colour}",
        ),
        slots={
            "material": "Silicone | Leather*1.6 | Clear TPU*0.8 | Carbon Fibre*1.5",
            "fits": "Orbita X20 | Orbita X30 | Zenfire Z5 | Nuvolo Air | Kairo One | Pantaro P9",
            "colour": COLOURS,
        },
        sentences=(
            "Raised edges keep screen and camera off the table.",
            "Survives a fall from 2 m.",
            "Charges without a cable through the case.",
        ),
    ),
    Kind(
        category="Phones > Chargers and cables",
        count=54,
        price=22,
        brands=_ACCESSORY_BRANDS,
        titles=(
            "{brand} {power} USB-C Fast Charger, {ports}",
            "{brand} USB-C to {plug} Charging Cable, {length}, Braided, {colour}",
            "{brand} {capacity} Power Bank with {ports}, {colour}",
            "{brand} Wireless Charging Pad {power}, {colour}",
        ),
        slots={
            "power": "20 W*0.8 | 30 W | 65 W*1.6 | 100 W*2.2",
            "ports": "1 Port*0.8 | 2 Ports | 4 Ports*1.4",
            "plug": "USB-C*0.5 | Lightning*0.6 | Micro-USB*0.4",
            "length": "1 m | 2 m*1.2 | 3 m*1.4",
            "capacity": "5000 mAh*0.8 | 10000 mAh*1.1 | 20000 mAh*1.7",
            "colour": "Black | White | Blue",
        },
        sentences=(
            "Half a charge in thirty minutes.",
            "Stays cool and switches off when the battery is full.",
            "The braid does not tangle.",
        ),
    ),
    Kind(
        category="Computers > Laptops",
        count=62,
        price=899,
        brands="Pantaro | Zenfire | Lapidus | Corvane | Tessel",
        titles=(
            "{brand} {model} {screen} Laptop, {memory} RAM, {storage} SSD",
            "{brand} {model} Gaming Laptop {screen}, {memory}, {storage} SSD, Dedicated Graphics",
            "{brand} {model} Ultralight Notebook {screen}, {memory} RAM, {colour}",
        ),
        slots={
            "screen": "13.3 Inch | 14 Inch | 15.6 Inch | 17.3 Inch*1.15",
            "memory": "8 GB*0.7 | 16 GB | 32 GB*1.4",
            "storage": "256 GB*0.85 | 512 GB | 1 TB*1.2",
            "colour": "Silver | Black | Blue",
        },
        sentences=(
            "Works for a whole day without its charger.",
            "A keyboard made for people who write.",
            "Quiet enough for a library.",
            "Memory and disk can be changed later.",
        ),
    ),
    Kind(
        category="Computers > Tablets and readers",
        count=27,
        price=249,
        brands="Orbita | Nuvolo | Lapidus",
        titles=(
            "{brand} {model} {screen} Tablet, {storage}, Wi-Fi, {colour}",
            "{brand} {model} E-Reader with Front Light, {storage}, {colour}",
        ),
        slots={
            "screen": "8 Inch*0.7 | 10.4 Inch | 12.9 Inch*1.7",
            "storage": "32 GB*0.8 | 64 GB | 128 GB*1.2",
            "colour": "Grey | Silver | Black",
        },
        sentences=(
            "For films on the train and recipes in the kitchen.",
            "Reads like paper, even in the sun.",
        ),
    ),
    Kind(
        category="Computers > Accessories",
        count=54,
        price=39,
        brands="Tessel | Clickety | Corvane | Voltmate",
        titles=(
            "{brand} {model} Wireless Mouse, {colour}",
            "{brand} {model} Mechanical Keyboard, {switch}, {colour}",
            "{brand} {model} {screen} Monitor, {panel}",
            "{brand} USB-C Hub {ports}",
            "{brand} {capacity} Portable SSD, USB-C, {colour}",
            "{brand} {model} Full HD Webcam with Microphone",
        ),
        slots={
            "colour": "Black | White | Grey",
            "switch": "Brown Switches*2 | Red Switches*2 | Blue Switches*2",
            "screen": "24 Inch*3.5 | 27 Inch*5 | 32 Inch*8",
            "panel": "Full HD | QHD*1.4 | 4K*1.9",
            "ports": "5-in-1 | 7-in-1*1.3 | 10-in-1*1.7",
            "capacity": "500 GB*1.5 | 1 TB*2.3 | 2 TB*4",
        },
        sentences=(
            "Connects in seconds and needs no driver.",
            "Made for desks where people work eight hours a day.",
        ),
    ),
    Kind(
        category="Office > Printers and supplies",
        count=27,
        price=129,
        brands="Inkwell | Printory | Corvane",
        titles=(
            "{brand} {model} {type} Printer, Wi-Fi, Scanner",
            "{brand} {cartridge} Ink Cartridge for {fits}",
            "{brand} A4 Copy Paper 80 g, {sheets}",
        ),
        slots={
            "type": "Inkjet | Laser*1.6 | Photo*1.3",
            "cartridge": "Black*0.2 | Colour*0.25 | Multipack*0.45",
            "fits": "Inkwell 200 | Inkwell 400 | Printory P1 | Printory P7",
            "sheets": "500 Sheets*0.06 | 2500 Sheets*0.22",
        },
        sentences=("Prints from the phone.", "Cheap to run: a page costs about two cents."),
        spread=0.15,
    ),
    Kind(
        category="Games > Video games",
        count=54,
        price=39,
        brands="Foxglove Games | Ironbark | Pixel Harbour | Nine Moons | Lantern Works",
        titles=(
            "{_name} {_part} ({platform})",
            "{_name}: {_sub} ({platform})",
            "{_name} {edition} ({platform})",
        ),
        slots={
            "platform": "PC | Playdeck 5 | Xenobox | Swivel",
            "_name": "Starfall Raiders | Harvest Cove | Turbo Circuit | Dragon's Ledger | Grimwood"
            " | Kickoff League | Submarine Tycoon | Ninja Courier | Puzzle Garden | Frontline Echo",
            "_part": "II | III | 4 | Remastered | 2025",
            "_sub": "The Lost Signal | Winter Roads | Rise of the Tide | Origins | Blood Moon",
            "edition": "Deluxe Edition*1.4 | Collector's Edition*2.2 | Complete Edition*1.2",
            "genre": "Adventure | Strategy | Racing | Role-Playing | Sports | Simulation",
        },
        sentences=(
            "A {genre} game for one to four players.",
            "More than forty hours, and no two evenings alike.",
            "Play with friends on one sofa or over the net.",
        ),
    ),
    Kind(
        category="Games > Consoles and controllers",
        count=19,
        price=69,
        brands="Kraitos | Vexlor | Playdeck",
        titles=(
            "{brand} {model} Wireless Controller for {platform}, {colour}",
            "{brand} {_wheel} for {platform}",
            "{brand} Charging Station for {platform} Controllers, {colour}",
        ),
        slots={
            "_wheel": "Racing Wheel with Pedals*2.5 | Racing Wheel*1.5",
            "platform": "PC | Playdeck 5 | Xenobox | Swivel",
            "colour": "Black | White | Red",
        },
        sentences=("Rumbles, lasts for 20 hours, fits small and large hands.",),
    ),
)
