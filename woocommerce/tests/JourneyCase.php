<?php
/**
 * A test that needs more than its own process: the web server, jobs, several shoppers. What it writes is really written,
 * so each class begins with an empty shop, and with a pharmacy in ELMED whose catalogue nobody else has touched.
 */

namespace Elmed\WooCommerce\Tests;

abstract class JourneyCase extends \PHPUnit\Framework\TestCase {

	/** @var array<string, mixed> pharmacy_id, key_id, key */
	protected static $pharmacy;

	public static function setUpBeforeClass(): void {
		parent::setUpBeforeClass();
		Elmed::fine();
		static::begin();
	}

	protected function setUp(): void {
		parent::setUp();
		Elmed::fine();
		wp_cache_flush();
	}

	/** Empty shop, new pharmacy, its key in the settings. */
	protected static function begin(): void {
		Site::reset();
		self::$pharmacy = Elmed::say( 'pharmacy' );
		update_option( 'elmed_base_url', Elmed::fact( 'url' ) );
		update_option( 'elmed_api_key', self::$pharmacy['key'], false );
	}

	/** A prescription at this pharmacy. */
	protected static function prescription( array $given = array() ): array {
		return Elmed::say( 'prescription', $given + array( 'pharmacy' => self::$pharmacy['pharmacy_id'] ) );
	}

	/** A product in ELMED's catalogue of this pharmacy. */
	protected static function product( string $sku, array $given = array() ): array {
		return Elmed::say( 'product', array( 'sku' => $sku, 'pharmacy' => self::$pharmacy['pharmacy_id'] ) + $given );
	}

	/** The shop's product of that SKU. */
	protected static function inShop( string $sku ): \WC_Product {
		wp_cache_flush();
		$product = wc_get_product( wc_get_product_id_by_sku( $sku ) );
		self::assertInstanceOf( \WC_Product::class, $product, "no product $sku in the shop" );
		return $product;
	}

	/** The order as it is now, whoever changed it. */
	protected static function order( int $id ): \WC_Order {
		wp_cache_flush();
		$order = wc_get_order( $id );
		self::assertInstanceOf( \WC_Order::class, $order );
		return $order;
	}

	/** How many orders there are, of any status but the checkout's drafts. */
	protected static function orders(): int {
		wp_cache_flush();
		return count( wc_get_orders( array( 'limit' => -1, 'return' => 'ids', 'status' => array_keys( wc_get_order_statuses() ) ) ) );
	}
}
