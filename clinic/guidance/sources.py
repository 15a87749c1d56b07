"""Where the safety rules come from. The guidance document itself has no contraindications and hardly a warning sign."""

from typing import Final

from clinic.guidance.knowledge import Source

SOURCES: Final = {
    source.key: source
    for source in (
        Source("NHS", "NHS back pain advice (nhs.uk/conditions/back-pain)"),
        Source(
            "NHSL",
            "NHS Scotland Right Decisions, serious lumbar spine conditions (rightdecisions.scot.nhs.uk)",
        ),
        Source(
            "NHSL-MSCC", "NHS Lothian red flags, metastatic cord compression (rightdecisions.scot.nhs.uk)"
        ),
        Source("NHSG", "NHS Gloucestershire G-care, red flags for spinal conditions (g-care.glos.nhs.uk)"),
        Source(
            "SHEF",
            "Sheffield Aches and Pains, red flags in spinal pain: new pain under 16 or over 50 "
            "(professionals.sheffieldachesandpains.com)",
        ),
        Source("GIRFT", "GIRFT national suspected cauda equina pathway (gettingitrightfirsttime.co.uk)"),
        Source(
            "IFOMPT",
            "Finucane et al. 2020, International Framework for Red Flags, doi:10.2519/jospt.2020.9971",
        ),
        Source("NHS-AAA", "Abdominal aortic aneurysm (nidirect.gov.uk)"),
        Source("NHS-DVT", "Deep vein thrombosis (nhs.uk/conditions/deep-vein-thrombosis-dvt)"),
        Source("NHS-PRE", "Pre-eclampsia (nhs.uk/conditions/pre-eclampsia)"),
        Source("NHS-CELL", "Cellulitis (nhs.uk/conditions/cellulitis)"),
        Source("NHS-SHING", "Shingles (nhs.uk/conditions/shingles)"),
        Source("NHS-SKIN", "Scabies, ringworm and impetigo (nhs.uk/conditions)"),
        Source("NHS-HEAD", "Head injury and concussion (nhs.uk/conditions/head-injury-and-concussion)"),
        Source("NG234", "NICE guideline NG234, spinal metastases and metastatic spinal cord compression"),
        Source("NG59", "NICE guideline NG59, low back pain and sciatica"),
        Source("NG65", "NICE guideline NG65, spondyloarthritis"),
        Source("KNGF", "Dutch physiotherapy guideline, low back pain, 2021 (kngf.nl)"),
        Source(
            "NCCIH-S",
            "NCCIH, massage therapy, safety section (nccih.nih.gov): clots, bleeding, weak bones, fever, wounds, "
            "infection, tumours, damaged nerves; ask first about pregnancy, cancer, fragile skin, heart problems and a "
            "history of abuse",
        ),
        Source(
            "MAYO",
            "Mayo Clinic, massage risks: bleeding disorder or blood thinner, burns and wounds, deep vein thrombosis, "
            "fractures, severe osteoporosis, severe thrombocytopenia",
        ),
        Source("MAC", "Macmillan Cancer Support and Cancer Council Australia, on massage and cancer"),
        Source("MLD", "Contraindications of lymphatic drainage after Földi’s Textbook of Lymphology"),
        Source("PREG", "Review of relaxation massage in pregnancy, PMC8396946"),
        Source("YIN2014", "Adverse events of massage, doi:10.1155/2014/480956"),
        Source("ABMP", "Practitioners’ contraindication list (abmp.com)"),
        Source("ASC", "Practitioners’ contraindication list (ascensionselfcare.com)"),
        Source("CON360", "Case report: haematoma and haemolysis after deep tissue massage with cirrhosis"),
        Source(
            "AROMA", "Consumer cautions for aromatherapy: pregnancy, epilepsy, asthma, allergy", weak=True
        ),
        Source("MIT", "Cautions for massage guns and vibration", weak=True),
        Source("FAST", "Stroke recognition: face, arm, speech"),
        Source("G4", "The guidance document, section G4"),
        Source("contradiction", "Two answers that do not fit together"),
        Source(
            "default", "No source of its own: a cautious default, to be confirmed by a clinician", weak=True
        ),
    )
}
