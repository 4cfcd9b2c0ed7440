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
		$tables = \Automattic\WooCommerce\Utilities\OrderUtil::custom_orders_table_usage_is_enabled();
		self::assertSame( '1' === Site::fact( 'hpos' ), $tables, 'orders are not kept where the site was made to keep them' );
	}

	protected function setUp(): void {
		parent::setUp();
		Elmed::fine();
		wp_cache_flush();
		delete_option( 'elmed_budget' ); // the tests before used up some of this minute's requests
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

	/** Bring the pharmacy's catalogue into the shop. */
	protected static function sync(): void {
		$found = SyncRun::whole();
		self::assertSame( 'done', $found['state'], $found['error'] );
		wp_cache_flush();
	}

	/** Much time passes: every job that waits is run, also those that are due later only. */
	protected static function jobs(): void {
		global $wpdb;
		foreach ( wc_get_orders( array( 'limit' => -1 ) ) as $order ) {
			$record = $order->get_meta( '_elmed_record' );
			if ( isset( $record['asked_at'] ) ) {
				$order->update_meta_data( '_elmed_record', array( 'asked_at' => 1 ) + $record );
				$order->save_meta_data();
			}
		}
		$wpdb->query( "UPDATE {$wpdb->prefix}actionscheduler_actions SET scheduled_date_gmt = '2020-01-01 00:00:00', scheduled_date_local = '2020-01-01 00:00:00' WHERE status = 'pending'" );
		Process::jobs();
		wp_cache_flush();
	}

	/** An order as staff, a program or an import makes it: no checkout, not paid. */
	protected static function made( \WC_Product $product, int $quantity = 1 ): \WC_Order {
		$order = wc_create_order();
		$order->add_product( $product, $quantity );
		$order->set_address( array( 'first_name' => 'Ann', 'last_name' => 'Shopper', 'email' => 'ann@example.org', 'country' => 'GB', 'postcode' => 'SW1A 1AA', 'city' => 'London', 'address_1' => '1 High Street', 'phone' => '02079460000' ) );
		$order->calculate_totals();
		$order->set_status( 'pending' );
		$order->save();
		return $order;
	}

	/** The four ways to place or pay an order. */
	public static function paths(): array {
		return array( 'block checkout' => array( 'blocks' ), 'classic checkout' => array( 'form' ), 'order-pay, blocks' => array( 'pay-blocks' ), 'order-pay, classic' => array( 'pay-form' ) );
	}

	/**
	 * Try to buy on one of those ways.
	 *
	 * @param array<string, string> $proof reference and date_of_birth, or less.
	 * @return array{placed:bool, order:?\WC_Order, words:string, seconds:float}
	 */
	protected static function buy( string $path, \WC_Product $product, array $proof, int $quantity = 1, ?Shopper $shopper = null ): array {
		$shopper = $shopper ?? new Shopper();
		$proof   = array_intersect_key( $proof, array( 'reference' => 1, 'date_of_birth' => 1, 'send' => 1 ) );
		if ( 'blocks' === $path ) {
			$answer = $shopper->add( $product->get_id(), $quantity )->placeByBlocks( $proof );
			$placed = 200 === $answer['status'];
			$id     = $placed ? $answer['data']['order_id'] : 0;
		} elseif ( 'form' === $path ) {
			$answer = $shopper->addClassic( $product->get_id(), $quantity )->placeByForm( $proof );
			$placed = 'success' === ( $answer['data']['result'] ?? '' );
			$id     = $placed ? $answer['data']['order_id'] : 0;
		} else {
			$order  = self::made( $product, $quantity );
			$answer = 'pay-form' === $path ? $shopper->payByForm( $order, $proof ) : $shopper->payByBlocks( $order, $proof );
			$placed = 'pay-form' === $path ? false !== strpos( $answer['location'], 'order-received' ) : 200 === $answer['status'];
			$id     = $order->get_id();
		}
		$said  = $answer['data']['message'] ?? $answer['data']['messages'] ?? $answer['body'];
		// A field that is missing is named in the details, which the block checkout shows beside it.
		$said .= ' ' . implode( ' ', (array) ( $answer['data']['data']['params'] ?? array() ) );
		$words = html_entity_decode( wp_strip_all_tags( $said ), ENT_QUOTES );
		return array( 'placed' => $placed, 'order' => $id ? self::order( $id ) : null, 'words' => $words, 'seconds' => $shopper->seconds );
	}

	/** Reservations that still keep something. */
	protected static function held( array $prescription ): array {
		return array_values( array_filter( Elmed::say( 'reservations', array( 'prescription' => $prescription['id'] ) ), static fn ( $one ) => ! $one['used'] && ! $one['freed'] ) );
	}

	/** Orders that stand: paid, waiting, completed. */
	protected static function standing(): int {
		wp_cache_flush();
		return count( wc_get_orders( array( 'limit' => -1, 'return' => 'ids', 'status' => array( 'processing', 'on-hold', 'completed' ) ) ) );
	}

	/** Orders out of the way of the next test, also those whose report is owed. */
	protected static function forget(): void {
		foreach ( array( 'woocommerce_pre_delete_order', 'pre_delete_post' ) as $hook ) {
			add_filter( $hook, '__return_null', PHP_INT_MAX );
		}
		foreach ( wc_get_orders( array( 'limit' => -1 ) ) as $order ) {
			$order->delete( true );
		}
		foreach ( array( 'woocommerce_pre_delete_order', 'pre_delete_post' ) as $hook ) {
			remove_filter( $hook, '__return_null', PHP_INT_MAX );
		}
	}

	/** Wait until it is so. */
	protected static function until( callable $true, int $seconds = 60 ): void {
		$end = microtime( true ) + $seconds;
		while ( ! $true() ) {
			self::assertLessThan( $end, microtime( true ), 'it did not come to that' );
			usleep( 20000 );
		}
	}
}
