"""Words for available and not available, by language."""

# What means that a visitor can have the item now or order it, and what means that they can't.
WORDS: dict[str, tuple[str, str]] = {
    "feeds and schema.org": (
        "in stock, available, preorder, pre-order, presale, backorder, on backorder, "
        "back-ordered, available for order, limited, limited availability, limited stock, "
        "low stock, online only, in store only, made to order, special order, instock online, "
        "available now, in store, low, few left, last items, last one, plenty",
        "out of stock, sold out, unavailable, not available, discontinued, out of print, "
        "reserved, temporarily out of stock, currently unavailable, not in stock, no stock, "
        "stock out, temporarily unavailable, coming soon, available soon, oos, none left, "
        "end of life, eol, discontinued product, no longer available",
    ),
    "flags": (
        "true, t, yes, y, on, active, enabled, published, visible, live, x, ✓, ✔",
        "false, f, no, n, off, inactive, disabled, unpublished, hidden, draft, archived, "
        "deleted, ✗, ✘",
    ),
    "German": (
        "ja, wahr, auf lager, lieferbar, sofort lieferbar, verfügbar, sofort verfügbar, "
        "vorrätig, vorbestellbar, bestellbar, vorbestellung, begrenzt verfügbar, "
        "nur noch wenige, lagernd, sofort, ab lager, verfuegbar, sofort verfuegbar, vorraetig",
        "nein, falsch, nicht auf lager, nicht lieferbar, nicht verfügbar, nicht vorrätig, "
        "ausverkauft, vergriffen, derzeit nicht verfügbar, nicht mehr lieferbar, "
        "nicht lagernd, nicht verfuegbar, nicht vorraetig",
    ),
    "French": (
        "oui, vrai, en stock, disponible, précommande, sur commande, stock limité, en magasin",
        "non, faux, rupture de stock, en rupture, hors stock, épuisé, indisponible, "
        "non disponible, pas disponible, rupture",
    ),
    "Spanish": (
        "sí, verdadero, en existencia, en existencias, disponible, hay existencias, "
        "hay stock, preventa, bajo pedido",
        "no, falso, agotado, sin existencias, sin stock, no disponible, fuera de stock",
    ),
    "Italian": (
        "sì, vero, disponibile, in magazzino, preordine, disponibilità limitata, "
        "disponibilità immediata",
        "no, esaurito, non disponibile, non in magazzino, terminato",
    ),
    "Portuguese": (
        "sim, verdadeiro, em estoque, em stock, disponível, pré-venda, sob encomenda",
        "não, falso, esgotado, fora de estoque, sem estoque, sem stock, indisponível, "
        "não disponível",
    ),
    "Dutch": (
        "ja, waar, op voorraad, leverbaar, beschikbaar, pre-order, direct leverbaar",
        "nee, onwaar, niet op voorraad, niet leverbaar, uitverkocht, niet beschikbaar",
    ),
    "Polish": (
        "tak, dostępny, dostępna, dostępne, w magazynie, na stanie, przedsprzedaż, na zamówienie",
        "nie, niedostępny, niedostępna, niedostępne, brak w magazynie, brak, wyprzedane, "
        "wyprzedany",
    ),
    "Czech, Slovak": (
        "ano, áno, skladem, na sklade, dostupné, předobjednávka, na objednávku",
        "ne, není skladem, nie je skladom, vyprodáno, vypredané, nedostupné",
    ),
    "Swedish, Norwegian, Danish": (
        "ja, i lager, på lager, finns i lager, tillgänglig, tilgængelig, tilgjengelig, "
        "förbeställning, beställningsvara",
        "nej, nei, ej i lager, slut i lager, slutsåld, slut, ikke på lager, utsolgt, udsolgt, "
        "inte i lager",
    ),
    "Finnish": (
        "kyllä, varastossa, saatavilla, ennakkotilaus",
        "ei, ei varastossa, loppuunmyyty, ei saatavilla, loppu",
    ),
    "Hungarian": (
        "igen, raktáron, elérhető, készleten, előrendelhető",
        "nem, nincs raktáron, elfogyott, nem elérhető, nincs készleten",
    ),
    "Romanian": (
        "da, în stoc, disponibil, precomandă, la comandă",
        "nu, stoc epuizat, indisponibil, nu este în stoc, epuizat, fără stoc",
    ),
    "Turkish": (
        "evet, stokta, stokta var, var, mevcut, ön sipariş",
        "hayır, stokta yok, tükendi, stok yok, yok, mevcut değil",
    ),
    "Russian, Ukrainian, Bulgarian": (
        "да, так, есть, в наличии, есть в наличии, на складе, доступно, под заказ, предзаказ, "
        "в наявності, є в наявності, під замовлення, в наличност, налично",
        "нет, ні, нету, нет в наличии, распродано, недоступно, закончился, немає в наявності, "
        "немає, продано, няма в наличност, изчерпан",
    ),
    "Greek": (
        "ναι, διαθέσιμο, σε απόθεμα, άμεσα διαθέσιμο, κατόπιν παραγγελίας",
        "όχι, εξαντλημένο, μη διαθέσιμο, εξαντλήθηκε",
    ),
    "Arabic": (
        "نعم, متوفر, متاح, طلب مسبق",
        "لا, غير متوفر, غير متاح, نفذت الكمية, نفد من المخزون",
    ),
    "Hebrew": (
        "כן, במלאי, זמין, קיים במלאי",
        "לא, אזל מהמלאי, לא במלאי, לא זמין, אזל",
    ),
    "Chinese": (
        "是, 有, 有货, 有貨, 有现货, 现货, 現貨, 有库存, 有庫存, 预售, 預售, 预订, 可订购",
        "否, 无, 無, 无货, 無貨, 缺货, 缺貨, 售罄, 已售完, 售完, 断货, 無庫存, 无库存, "
        "下架, 停产, 暂时缺货, 暫時缺貨, 到货通知",
    ),
    "Japanese": (
        "はい, 在庫あり, 在庫有り, 在庫有, 有り, あり, 予約, 予約受付中, 取り寄せ, 販売中, "
        "残りわずか, 在庫わずか, 在庫僅少, 残り僅か",
        "いいえ, 在庫なし, 在庫無し, 在庫切れ, 売り切れ, 売切れ, 完売, 品切れ, なし, 販売終了, "
        "入荷待ち",
    ),
    "Korean": (
        "예, 네, 재고있음, 재고 있음, 판매중, 구매가능, 예약판매, 예약 판매",
        "아니요, 아니오, 품절, 재고없음, 재고 없음, 매진, 일시품절, 판매중지, 판매 종료",
    ),
    "Vietnamese": (
        "có, có hàng, còn hàng, đặt trước",
        "không, hết hàng, không có hàng, ngừng kinh doanh",
    ),
    "Thai": (
        "ใช่, มีสินค้า, พร้อมส่ง, สั่งจองล่วงหน้า",
        "ไม่, สินค้าหมด, ไม่มีสินค้า, หมด",
    ),
    "Indonesian, Malay": (
        "ya, tersedia, ada, ready stock, ada stok",
        "tidak, habis, stok habis, tidak tersedia",
    ),
    "Hindi": (
        "हाँ, उपलब्ध, स्टॉक में",
        "नहीं, अनुपलब्ध, स्टॉक में नहीं, उपलब्ध नहीं",
    ),
}
