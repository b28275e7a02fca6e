-- A table as an office's own program keeps it: dates as text, money as decimals, codes with leading zeros, old columns empty.
CREATE TABLE ho_so (
    ma          VARCHAR(12) PRIMARY KEY,
    thu_tuc     VARCHAR(200),
    ngay_nhan   DATETIME,
    le_phi      DECIMAL(18, 2),
    trang_thai  INTEGER,
    ghi_chu     TEXT
);
INSERT INTO ho_so VALUES ('000.00.14-01', 'Cấp phép xây dựng', '2026-03-02 08:15:00', 75000.00, 1, NULL);
INSERT INTO ho_so VALUES ('000.00.14-02', 'Đăng ký hộ kinh doanh', '2026-03-02 08:15:00', 0, 2, 'bổ sung');
INSERT INTO ho_so VALUES ('000.00.14-03', 'Cấp phép xây dựng', '2026-03-03 14:00:00', 75000.00, 1, '');
